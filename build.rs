//! How the program is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of = |name: &str| std::env::var(name).unwrap_or_default();
    // FreeRADIUS may start `radkick hook` for each packet: to move 37,000 addresses to where the program was loaded would
    // take more than a quarter of its time. Heap, stack and libraries are at random addresses as everywhere.
    if of("CARGO_CFG_TARGET_OS") == "linux" && of("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=radkick=-no-pie");
    }
}
