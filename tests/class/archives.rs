//! Archives, among them such as no packer would write.

use flate2::{Compression, write::GzEncoder};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use tar::EntryType;
use zip::write::SimpleFileOptions;

/// A folder as `.tar.gz`.
pub fn tar_gz(folder: &Path, archive: &Path) {
    let mut tar = tar::Builder::new(compressed(archive));
    tar.append_dir_all(".", folder).and_then(|()| tar.into_inner()).and_then(GzEncoder::finish).unwrap();
}

/// A folder as `.zip`.
pub fn zip(folder: &Path, archive: &Path) {
    let mut zip = zip::ZipWriter::new(File::create(archive).unwrap());
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
}

fn compressed(archive: &Path) -> GzEncoder<File> {
    GzEncoder::new(File::create(archive).unwrap(), Compression::fast())
}

/// An entry's head as it is written, whatever stands in it.
fn head(name: &[u8], kind: EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_cksum();
    header
}

/// A tar archive with a small file under each of these names, which no tar program would write.
pub fn with_names(archive: &Path, names: &[&[u8]]) {
    let mut tar = tar::Builder::new(File::create(archive).unwrap());
    for name in names {
        tar.append(&head(name, EntryType::Regular, 4), &b"evil"[..]).unwrap();
    }
    tar.finish().unwrap();
}

/// A tar archive whose only entry is of this kind, and leads there if it is a link.
pub fn with_kind(archive: &Path, kind: EntryType, to: &str) {
    let mut tar = tar::Builder::new(File::create(archive).unwrap());
    let mut header = head(b"E01-first-dockerfile/token", kind, 0);
    if !to.is_empty() {
        header.set_link_name(to).unwrap();
    }
    if kind.is_block_special() {
        header.set_device_major(8).unwrap();
        header.set_device_minor(0).unwrap();
    }
    header.set_cksum();
    tar.append(&header, io::empty()).unwrap();
    tar.finish().unwrap();
}

/// Empty files, very many of them.
pub fn with_many(archive: &Path, count: usize) {
    let mut tar = tar::Builder::new(compressed(archive));
    for number in 0..count {
        tar.append(&head(format!("many/{number}").as_bytes(), EntryType::Regular, 0), io::empty()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
}

/// A hundred kilobytes that become a hundred megabytes, and say that there are gigabytes to come.
pub fn bomb(archive: &Path) {
    let mut out = compressed(archive);
    out.write_all(head(b"E01-first-dockerfile/zeros", EntryType::Regular, 4 << 30).as_bytes()).unwrap();
    zeros(&mut out);
    out.finish().unwrap();
}

/// The same as `.zip`.
pub fn zip_bomb(archive: &Path) {
    let mut zip = zip::ZipWriter::new(File::create(archive).unwrap());
    zip.start_file("E01-first-dockerfile/zeros", SimpleFileOptions::default()).unwrap();
    zeros(&mut zip);
    zip.finish().unwrap();
}

fn zeros(out: &mut impl Write) {
    let zeros = vec![0; 1 << 20];
    (0..100).try_for_each(|_| out.write_all(&zeros)).unwrap();
}

/// A `.zip` whose entry leads out, and one whose entry is a link.
pub fn zip_with(archive: &Path, name: &str, link_to: Option<&str>) {
    let mut zip = zip::ZipWriter::new(File::create(archive).unwrap());
    let options = SimpleFileOptions::default();
    match link_to {
        Some(target) => zip.add_symlink(name, target, options).unwrap(),
        None => {
            zip.start_file(name, options).unwrap();
            zip.write_all(b"evil").unwrap();
        }
    }
    zip.finish().unwrap();
}

/// An archive without its second half.
pub fn cut_off(archive: &Path) {
    let bytes = fs::read(archive).unwrap();
    fs::write(archive, &bytes[..bytes.len() / 2]).unwrap();
}
