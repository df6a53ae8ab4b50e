//! JSON decoding: every input starts like an object, so that all of it goes to the decoder.
#![no_main]

use libfuzzer_sys::fuzz_target;

mod shared;

fuzz_target!(|rest: &[u8]| {
    shared::clean(&[b"{", rest].concat());
    // The same as the rest of an article that has a body: what is passed through untouched.
    shared::clean(&[br#"{"text": "x", "#, rest].concat());
});
