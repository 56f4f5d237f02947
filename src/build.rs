//! Tells cargo that the course's files are part of the binary.

fn main() {
    for folder in ["lessons", "exercises", "checks", "src/course/skeleton"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
