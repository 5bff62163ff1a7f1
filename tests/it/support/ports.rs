//! Free ports on 127.0.0.1, as the kernel names them.
//!
//! A port is free when it is handed out; whoever binds it late must be ready to ask again.
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

/// Different free UDP ports.
pub(crate) fn free_udp_ports<const N: usize>() -> [u16; N] {
    let sockets: [UdpSocket; N] =
        std::array::from_fn(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket"));
    sockets.map(|socket| socket.local_addr().expect("a bound socket").port())
}

/// A free TCP port.
pub(crate) fn free_tcp_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback listener");
    listener.local_addr().expect("a bound listener").port()
}
