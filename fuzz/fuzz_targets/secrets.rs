//! Whatever bytes come out of an encrypted file, reading them gives secrets that print as they were read, or an error
//! that quotes none of them.
#![no_main]

use groundplan::seed::{Secrets, Vault, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = Vault::of(bytes);
    match Secrets::parse(bytes) {
        Ok(secrets) => {
            let text = secrets.to_text();
            assert_eq!(Secrets::parse(text.as_bytes()).expect("what is printed reads back"), secrets);
        }
        Err(error) => assert!(error.to_string().len() < 300),
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(rendered) = render(text, &Secrets::new("main"))
    {
        assert_eq!(rendered.as_str(), text, "nothing to render, nothing changed");
    }
});
