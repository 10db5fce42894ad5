//! Calls of the crate etsi014-client: HOST PORT CERTIFICATE KEY CA, then `status SAE`, `get SAE BITS NUMBER ADDITIONAL...` or `same SAE KEY_ID...`.
use etsi014_client::{ETSI014Client, SecretVec};
use std::path::PathBuf;

/// One line a key: its key_ID and its bytes, for the test to compare.
fn lines(keys: Vec<(String, SecretVec<u8>)>) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    keys.iter().map(|(id, key)| format!("{id} {}", hex(&key.borrow()))).collect::<Vec<_>>().join("\n")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [host, port, certificate, key, ca, verb, sae, rest @ ..] = words.as_slice() else { panic!("too few arguments") };
    let files = [certificate, key, ca].map(PathBuf::from);
    let client = ETSI014Client::new(host, port.parse().unwrap(), &files[0], &files[1], &files[2]).unwrap();
    let answer = match *verb {
        "status" => client.get_status(sae).await.map(|status| format!("{status:?}")),
        "get" => client.get_keys(rest[0].parse().unwrap(), sae, &rest[2..], rest[1].parse().unwrap()).await.map(lines),
        _ => client.get_keys_by_ids(sae, rest).await.map(lines),
    };
    match answer {
        Ok(text) => println!("{text}"),
        Err(error) => {
            eprintln!("{}", error.msg);
            std::process::exit(1);
        }
    }
}
