//! Loops that send prepared packets, wait for the replies and check nothing: what the system itself allows one socket.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg};
use radkick::clock::Clock;
use radkick::radius::Sealed;

use crate::responder::{BATCH, widen};

/// A reply that is lost ends the measurement.
const PATIENCE: Duration = Duration::from_secs(10);

/// One system call a datagram. Gives replies a second.
pub(crate) fn plain(to: SocketAddrV4, packets: &[Sealed], in_flight: usize) -> anyhow::Result<f64> {
    let socket = socket()?;
    let (mut buffer, mut waiting) = ([0; 4096], packets.iter());
    let begun = Clock.now();
    for packet in waiting.by_ref().take(in_flight) {
        socket.send_to(packet.octets(), to)?;
    }
    for _ in packets {
        socket.recv_from(&mut buffer)?;
        if let Some(packet) = waiting.next() {
            socket.send_to(packet.octets(), to)?;
        }
    }
    rate(packets, Clock.now().duration_since(begun))
}

/// One system call for up to 64 of them. Gives replies a second.
pub(crate) fn batched(to: SocketAddrV4, packets: &[Sealed], in_flight: usize) -> anyhow::Result<f64> {
    let socket = socket()?;
    let (descriptor, to) = (socket.as_raw_fd(), [Some(SockaddrIn::from(to)); BATCH]);
    let mut buffers = vec![[0; 4096]; BATCH];
    let mut receiving = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut sending = MultiHeaders::preallocate(BATCH, None);
    let (mut sent, mut received) = (0, 0);
    let begun = Clock.now();
    while received < packets.len() {
        while sent < packets.len().min(received + in_flight) {
            let until = packets.len().min(received + in_flight).min(sent + BATCH);
            let slices: Vec<_> = packets[sent..until].iter().map(|packet| [IoSlice::new(packet.octets())]).collect();
            sent += sendmmsg(descriptor, &mut sending, slices.iter(), to, [], MsgFlags::empty())?.count();
        }
        let mut slices: Vec<_> = buffers.iter_mut().map(|octets| [IoSliceMut::new(octets)]).collect();
        received += recvmmsg(descriptor, &mut receiving, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None)?.count();
    }
    rate(packets, Clock.now().duration_since(begun))
}

fn socket() -> std::io::Result<UdpSocket> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    widen(&socket);
    socket.set_read_timeout(Some(PATIENCE))?;
    Ok(socket)
}

fn rate(packets: &[Sealed], took: Duration) -> anyhow::Result<f64> {
    Ok(f64::from(u32::try_from(packets.len())?) / took.as_secs_f64())
}
