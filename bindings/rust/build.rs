//! bindings/rust/build.rs - where libassay is: as pkg-config says, otherwise where the linker looks by itself.
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=PKG_CONFIG_PATH");
    if let Ok(output) = Command::new("pkg-config").args(["--libs-only-L", "assay"]).output() {
        for folder in String::from_utf8_lossy(&output.stdout).split_whitespace() {
            if let Some(folder) = folder.strip_prefix("-L") {
                println!("cargo:rustc-link-search=native={folder}");
            }
        }
    }
}
