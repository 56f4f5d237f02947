//! What a build is told apart from: each other way to an image that looks right has its own message. And a
//! right image stays right when the builder's cache is gone.

mod cli_support;

use cli_support::docker::BUSYBOX;
use cli_support::*;
use std::fs::File;

/// What the right image's configuration says, for those who type it in by hand.
const CHANGES: [&str; 6] = [
    "--change",
    "WORKDIR /site",
    "--change",
    "EXPOSE 8080",
    "--change",
    "CMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/site\"]",
];

#[test]
fn a_rebuild_without_cache_and_one_whose_cache_is_gone_still_pass() {
    for client in BUILDERS {
        let scene = Scene::new();
        // A step that no other build has, so that its cache can be removed alone.
        scene.write("Dockerfile", &scene.with_instructions(&format!("RUN echo {} > /made\n", scene.repository)));
        scene.build(client, &[]);
        scene.check().exits(0);
        scene.build(client, &["--no-cache"]);
        scene.check().exits(0);
        forget(&scene, client);
        let told = scene.check().exits(0);
        assert_eq!(told.check("built")["verdict"], "pass");
        let evidence = told.check("built")["evidence"].to_string();
        assert!(evidence.contains("contents of the layers"), "contents were compared: {evidence}");
    }
}

#[test]
fn another_name_for_the_base_is_told() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    docker(&["tag", BUSYBOX, &scene.image]);
    scene.fails("built", &format!("{} is only another name for {BUSYBOX}", scene.image));
}

#[test]
fn another_name_for_a_right_image_made_elsewhere_is_judged_by_what_it_is() {
    // A tag is no fraud by itself: the image that it names was built from this very folder.
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    let other = format!("{}/other:v1", scene.repository);
    Client::Classic.build(&scene.folder(), &["-t", &other]);
    docker(&["tag", &other, &scene.image]);
    scene.check().exits(0);
}

#[test]
fn a_commit_is_told() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    let name = format!("{}-by-hand", scene.repository);
    docker(&["create", "--name", &name, "--label", &scene.label, BUSYBOX, "httpd", "-f", "-p", "8080", "-h", "/site"]);
    docker(&["cp", &format!("{}/.", scene.folder().display()), &format!("{name}:/site")]);
    docker(&[&["commit"], &CHANGES[..], &[name.as_str(), &scene.image]].concat());
    scene.fails("built", "was made from a container, not from a Dockerfile (docker commit)");
}

#[test]
fn a_commit_of_a_container_of_the_right_image_is_told() {
    for client in BUILDERS {
        let scene = Scene::solved(client);
        let name = format!("{}-again", scene.repository);
        docker(&["create", "--name", &name, &scene.image]);
        docker(&["commit", &name, &scene.image]);
        scene.fails("built", "was made from a container, not from a Dockerfile (docker commit)");
    }
}

#[test]
fn an_archive_of_files_that_was_imported_is_told() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    let path = scene.learner.root().join("site.tar");
    let mut archive = tar::Builder::new(File::create(&path).unwrap());
    for file in ["index.html", "style.css", "token"] {
        archive.append_path_with_name(scene.folder().join(file), format!("site/{file}")).unwrap();
    }
    archive.finish().unwrap();
    docker(&[&["import"], &CHANGES[..], &[path.to_str().unwrap(), &scene.image]].concat());
    scene.fails("built", "was imported from an archive of files (docker import)");
}

#[test]
fn a_flattened_copy_of_the_right_image_is_told() {
    for client in BUILDERS {
        let scene = Scene::solved(client);
        let name = format!("{}-flat", scene.repository);
        let path = scene.learner.root().join("flat.tar");
        let path = path.to_str().unwrap();
        docker(&["create", "--name", &name, &scene.image]);
        docker(&["export", "--output", path, &name]);
        docker(&[&["import"], &CHANGES[..], &[path, &scene.image]].concat());
        scene.fails("built", "is a flattened copy");
    }
}

#[test]
fn an_image_that_was_pushed_or_saved_removed_and_brought_back_passes() {
    let scene = Scene::solved(Client::Classic);
    forget(&scene, Client::Classic);
    scene.check().exits(0);
}

#[test]
fn a_saved_image_with_an_edited_file_is_told() {
    for client in BUILDERS {
        let scene = Scene::solved(client);
        assert!(scene.read("index.html").contains("</body>"), "the edit finds its place");
        let mut saved = Saved::image(&scene.image, scene.learner.root());
        let by_hand = "<p>Edited by hand</p></body>";
        saved.edit(|path, text| (path == "site/index.html").then(|| Edit::Content(text.replace("</body>", by_hand))));
        saved.load(&scene.image);
        scene.fails("built", "differs from what this folder builds");
    }
}

#[test]
fn a_colleagues_image_and_a_colleagues_folder_are_told() {
    let (scene, colleague) = (Scene::new(), Scene::new());
    assert_ne!(scene.read("token"), colleague.read("token"), "each learner has a token of their own");
    for one in [&scene, &colleague] {
        one.write("Dockerfile", &scene.dockerfile());
    }
    Client::BuildKit.build(&colleague.folder(), &["-t", &scene.image]);
    scene.fails("built", "differs from what this folder builds");
    // With the colleague's token in the folder too, the image is what the folder builds, and not theirs.
    scene.write("token", &colleague.read("token"));
    scene.fails("token", "another token");
}

#[test]
fn an_image_from_before_the_last_edit_is_told_with_what_was_edited() {
    let scene = Scene::solved(Client::BuildKit);
    let page = scene.read("index.html");
    scene.write("index.html", &page.replace("</body>", "<p>Later</p></body>"));
    scene.fails("built", "site/index.html");
    scene.write("index.html", &page);
    let dockerfile = scene.dockerfile();
    scene.write("Dockerfile", &dockerfile.replace("\"-v\", ", ""));
    scene.fails("built", "CMD is");
    scene.write("Dockerfile", &dockerfile.replace("WORKDIR /site\n", "WORKDIR /site\nRUN true\n"));
    scene.fails("built", "your Dockerfile says");
    scene.write("Dockerfile", &dockerfile.replace("busybox:1.36", "busybox:1.36 AS"));
    scene.fails("built", "FROM requires");
    scene.write("Dockerfile", &dockerfile);
    scene.check().exits(0);
}

#[test]
fn a_folder_that_was_never_built_is_told_with_the_command() {
    let scene = Scene::new();
    scene.write("Dockerfile", &scene.dockerfile());
    scene.fails("exists", &format!("docker build -t {} .", scene.image));
}
