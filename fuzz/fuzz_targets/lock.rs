//! Whatever bytes a lock has, reading it gives a lock that prints as it was read, or an error.
#![no_main]

use groundplan::publish::lock::Lock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(lock) = Lock::parse(bytes) {
        let text = lock.to_text();
        assert_eq!(Lock::parse(text.as_bytes()).expect("what is printed reads back"), lock);
    }
});
