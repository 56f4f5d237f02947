#![no_main]

const TARGET: dlearn::fuzzing::Target = dlearn::fuzzing::reference;

libfuzzer_sys::fuzz_target!(init: dlearn::fuzzing::begin(&TARGET), |data: &[u8]| (TARGET.read)(data));
