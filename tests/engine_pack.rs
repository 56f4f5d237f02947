//! Packs between engines: what today's engine saves is an OCI layout inside, what 20.10 saves is not; either takes both.

mod common;

use common::*;
use dlearn::engine::{EngineError, Ledger, Passed, SandboxLimits};
use dlearn::layers::packed;
use std::fs::File;

#[tokio::test]
async fn an_image_goes_to_another_engine_and_back_and_stays_the_same() {
    let outer = engine().await;
    let ledger = Ledger::open(&outer, "test", "T01").unwrap();
    let limits = SandboxLimits { disk: Some(256 << 20), ..SandboxLimits::default() };
    let sandbox = outer.sandbox(&ledger, &limits).await.unwrap_or_else(|error| panic!("{error}\n{}", error.help()));
    let dir = tempfile::tempdir().unwrap();
    let (there, back) = (dir.path().join("there.tar"), dir.path().join("back.tar"));

    let passed = Passed::default();
    let size = outer.save_images(&[BUSYBOX], File::create(&there).unwrap(), &passed).await.unwrap();
    assert_eq!([size, passed.bytes()], [std::fs::metadata(&there).unwrap().len(); 2]);
    sandbox.engine.load_images(File::open(&there).unwrap(), &Passed::default()).await.unwrap();
    sandbox.engine.save_images(&[BUSYBOX], File::create(&back).unwrap(), &Passed::default()).await.unwrap();

    for (file, engine) in [(&there, &outer), (&back, &sandbox.engine)] {
        let images = packed(File::open(file).unwrap()).unwrap();
        assert_eq!(images.len(), 1, "{images:?}");
        let facts = engine.image(BUSYBOX).await.unwrap().unwrap();
        assert!(images[0].ids.contains(&facts.id), "{} is not among {:?}", facts.id, images[0].ids);
        assert_eq!(images[0].config.diff_ids, facts.layers);
        assert!(images[0].names.iter().all(|name| name.ends_with(BUSYBOX)), "{images:?}");
    }
    outer.load_images(File::open(&back).unwrap(), &Passed::default()).await.unwrap();

    let missing = outer.save_images(&["dlearn-run/nothing:v1"], File::create(&back).unwrap(), &Passed::default()).await;
    assert!(matches!(missing, Err(EngineError::Refused { .. })), "{missing:?}");
    std::fs::write(&back, [b'x'; 4096]).unwrap();
    outer.load_images(File::open(&back).unwrap(), &Passed::default()).await.unwrap_err();
    sandbox.remove().await.unwrap();
    ledger.cleanup().await.unwrap();
}
