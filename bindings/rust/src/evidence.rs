//! bindings/rust/src/evidence.rs - kinds of evidence, evidence of several pieces, devices of a processor.
use crate::{bytes_of, check, ffi, text_of, Error};
use std::fmt;
use std::mem::size_of;
use std::os::raw::c_int;

/// A kind of evidence, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind(pub i32);

impl Kind {
    /// As an argument: as the bytes say.
    pub const NONE: Kind = Kind(0);
    pub const SGX3: Kind = Kind(1);
    pub const TDX4: Kind = Kind(2);
    pub const SOFT: Kind = Kind(3);
    pub const SGX4: Kind = Kind(4);
    pub const SGX5: Kind = Kind(5);
    pub const TDX5: Kind = Kind(6);
    pub const SNP: Kind = Kind(7);
    pub const NITRO: Kind = Kind(8);
    pub const TPM: Kind = Kind(9);
    pub const VTPM_SNP: Kind = Kind(10);
    pub const VTPM_TDX: Kind = Kind(11);
    pub const CCA: Kind = Kind(12);
    pub const NITRO_TPM: Kind = Kind(13);
    pub const NVIDIA_GPU: Kind = Kind(14);
    pub const NVIDIA_SWITCH: Kind = Kind(15);

    /// For [`crate::Trust::add_root`].
    pub fn bit(self) -> u32 {
        1u32.checked_shl(self.0 as u32).unwrap_or(0)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(unsafe { ffi::assay_name_of_kind(self.0) }))
    }
}

/// The kind that the bytes say they are; nothing is verified.
pub fn recognise(evidence: &[u8]) -> Result<Kind, Error> {
    let given = bytes_of(evidence);
    let mut kind = 0;
    check(unsafe { ffi::assay_evidence_recognise(given.bytes, given.len, &mut kind) })?;
    Ok(Kind(kind))
}

/// Evidence that comes in pieces. What is empty is not there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pieces<'a> {
    /// Report; TPMS_ATTEST; quote.
    pub main: &'a [u8],
    pub certificates: &'a [&'a [u8]],
    /// Of a TPM, as the next three.
    pub signature: &'a [u8],
    pub pcrs: &'a [u8],
    pub key: &'a [u8],
    pub report_data: &'a [u8],
    /// Of a paravisor: the HCL blob.
    pub hardware: &'a [u8],
    /// Of a paravisor over TDX.
    pub quote: &'a [u8],
}

/// ASSAY_EVIDENCE_BYTES_MAX of assay/assay.h.
const EVIDENCE_MAX: usize = 131072;

fn written(write: impl FnOnce(*mut u8, usize, *mut usize) -> c_int) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; EVIDENCE_MAX];
    let mut len = 0;
    check(write(buffer.as_mut_ptr(), buffer.len(), &mut len))?;
    buffer.truncate(len);
    Ok(buffer)
}

/// Puts pieces into one byte string that [`crate::Request`] takes.
pub fn pack(kind: Kind, pieces: &Pieces) -> Result<Vec<u8>, Error> {
    let certificates: Vec<ffi::Bytes> = pieces.certificates.iter().map(|one| bytes_of(one)).collect();
    let given = ffi::PieceList {
        size: size_of::<ffi::PieceList>(),
        main: bytes_of(pieces.main),
        certificates: certificates.as_ptr(),
        certificate_count: certificates.len(),
        signature: bytes_of(pieces.signature),
        pcrs: bytes_of(pieces.pcrs),
        key: bytes_of(pieces.key),
        hardware: bytes_of(pieces.hardware),
        activation: bytes_of(&[]),
        report_data: bytes_of(pieces.report_data),
        quote: bytes_of(pieces.quote),
    };
    written(|buffer, capacity, len| unsafe {
        ffi::assay_evidence_pack(kind.0, &given, buffer, capacity, len)
    })
}

/// The report of a GPU or switch, with its chain in DER.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    pub kind: Kind,
    pub report: &'a [u8],
    pub certificates: &'a [&'a [u8]],
}

/// What each GPU and switch has to sign for a challenge.
pub fn devices_nonce(challenge: &[u8; 64]) -> Result<[u8; 32], Error> {
    let mut nonce = [0; 32];
    check(unsafe { ffi::assay_devices_get_nonce(challenge.as_ptr(), nonce.as_mut_ptr()) })?;
    Ok(nonce)
}

/// Reports as one byte string, GPUs first, and the report data that the processor has to quote.
pub fn pack_devices(challenge: &[u8; 64], devices: &[Device]) -> Result<(Vec<u8>, [u8; 64]), Error> {
    let chains: Vec<Vec<ffi::Bytes>> =
        devices.iter().map(|device| device.certificates.iter().map(|one| bytes_of(one)).collect()).collect();
    let list: Vec<ffi::DeviceReport> = devices
        .iter()
        .zip(&chains)
        .map(|(device, chain)| ffi::DeviceReport {
            size: size_of::<ffi::DeviceReport>(),
            kind: device.kind.0,
            report: bytes_of(device.report),
            certificates: chain.as_ptr(),
            certificate_count: chain.len(),
        })
        .collect();
    let mut report_data = [0; 64];
    let packed = written(|buffer, capacity, len| unsafe {
        ffi::assay_devices_pack(
            challenge.as_ptr(),
            list.as_ptr(),
            list.len(),
            buffer,
            capacity,
            len,
            report_data.as_mut_ptr(),
        )
    })?;
    Ok((packed, report_data))
}

/// How devices stand in evidence. Packed is shorter; policies with `devices_packed`, and the default, accept it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DevicesForm {
    Plain,
    Packed,
}

/// The evidence of a processor and its devices as one byte string.
pub fn attach_devices(evidence: &[u8], devices: &[u8], form: DevicesForm) -> Result<Vec<u8>, Error> {
    written(|buffer, capacity, len| unsafe {
        ffi::assay_devices_attach(
            bytes_of(evidence),
            bytes_of(devices),
            form as c_int,
            buffer,
            capacity,
            len,
        )
    })
}
