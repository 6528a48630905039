//! examples/attested_keys.rs - TLS between two keys of a network's members, without a certificate authority, with rustls 0.20
//! (feature dangerous_configuration); as attested_keys.c.
//!
//! usage: attested_keys server|client PORT CERTIFICATE KEY CHECKPOINT MEMBER MAX-AGE [AT]
//!
//! CERTIFICATE and KEY (PKCS #8) are this side's own, in DER; the certificate is signed by its own key and has the key proof of
//! `assay proof NODE --keys` as extension 1.3.6.1.4.1.32473.17.2. CHECKPOINT is of `assay checkpoint`, MEMBER the node id of the other
//! side, 64 hexadecimal digits, MAX-AGE in seconds. AT is the Unix time to verify at, instead of now. Exit status: 0 when both
//! sides accepted each other, 1 when one did not, 2 when there was no connection.
use assay::{KeyAnswer, KeyRequest, Standing};
use rustls::client::{NoClientSessionStorage, ServerCertVerified, ServerCertVerifier};
use rustls::server::{ClientCertVerified, ClientCertVerifier, NoServerSessionStorage};
use rustls::{Certificate, ClientConfig, ClientConnection, PrivateKey, ServerConfig, ServerConnection, ServerName};
use rustls::{DistinguishedNames, Error, Stream};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::SystemTime;
use std::{env, fs, process};

type Failure = Box<dyn std::error::Error>;

/// Extension with the key proof: OBJECT IDENTIFIER 1.3.6.1.4.1.32473.17.2.
const PROOF_ID: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x81, 0xfd, 0x59, 0x11, 0x02];

/// Elements of DER, one after the other: the tag, the content, and both with their head.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8], &'a [u8]);

    /// `None` at the end, and of what is no DER.
    fn next(&mut self) -> Option<Self::Item> {
        let (tag, first) = (*self.0.first()?, *self.0.get(1)? as usize);
        let (head, len) = match first {
            0..=0x7f => (2, first),
            0x81..=0x83 => {
                let bytes = self.0.get(2..2 + (first - 0x80))?;
                (2 + bytes.len(), bytes.iter().fold(0, |len, byte| len << 8 | *byte as usize))
            }
            _ => return None,
        };
        let all = self.0.get(..head + len)?;
        self.0 = &self.0[head + len..];
        Some((tag, &all[head..], all))
    }
}

/// SubjectPublicKeyInfo of a certificate, and the value of its one extension with a key proof.
fn parts_of(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, whole, _) = Elements(certificate).next()?;
    let (_, signed, _) = Elements(whole).next()?;
    let fields: Vec<_> = Elements(signed).collect(); // version, serial, algorithm, issuer, validity, subject, key, ...
    let key = fields.get(6)?.2;
    let list = fields.iter().find(|field| field.0 == 0xa3)?.1;
    let (_, extensions, _) = Elements(list).next()?;
    let mut proofs = Elements(extensions).filter_map(|(_, extension, _)| {
        let parts: Vec<_> = Elements(extension).collect();
        (parts.first()?.1 == PROOF_ID).then(|| parts.last().map(|last| last.1)).flatten()
    });
    match (proofs.next(), proofs.next()) {
        (Some(proof), None) => Some((key, proof)),
        _ => None,
    }
}

/// What the other side has to be.
struct Peer {
    checkpoint: Vec<u8>,
    member: [u8; 32],
    max_age_s: u32,
    /// Unix time; `None`: now.
    at: Option<u64>,
}

impl Peer {
    fn check(&self, certificate: &Certificate) -> Result<u64, String> {
        let (key, proof) = parts_of(&certificate.0).ok_or("the certificate has no key proof, or several")?;
        let mut request = KeyRequest::new(proof, &self.checkpoint, key, self.max_age_s);
        request.node_id = Some(self.member);
        request.standing_worst = Standing::Warning;
        request.now_ms = self.at.map_or(request.now_ms, |at| at * 1000);
        let found = request.verify().map_err(|error| error.to_string())?;
        match found.answer {
            KeyAnswer::ACTIVE => Ok(found.report.epoch),
            KeyAnswer::OTHER_PROOF => Err(found.report.answer.to_string()),
            other => Err(other.to_string()),
        }
    }

    /// In place of the verification of chain and host name: the issuer of the certificate decides nothing. rustls verifies
    /// that the peer has the key. A program that runs for longer stores `report.checkpoint` in place of its older one.
    fn verify(&self, certificate: &Certificate) -> Result<(), Error> {
        match self.check(certificate) {
            Ok(epoch) => println!("peer accepted, epoch {epoch}"),
            Err(why) => {
                println!("refused: {why}");
                return Err(Error::InvalidCertificateData(why));
            }
        }
        Ok(())
    }
}

impl ServerCertVerifier for Peer {
    fn verify_server_cert(
        &self,
        certificate: &Certificate,
        _others: &[Certificate],
        _name: &ServerName,
        _timestamps: &mut dyn Iterator<Item = &[u8]>,
        _ocsp: &[u8],
        _now: SystemTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify(certificate).map(|()| ServerCertVerified::assertion())
    }
}

impl ClientCertVerifier for Peer {
    fn client_auth_root_subjects(&self) -> Option<DistinguishedNames> {
        Some(Vec::new()) // of any issuer
    }

    fn verify_client_cert(
        &self,
        certificate: &Certificate,
        _others: &[Certificate],
        _now: SystemTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verify(certificate).map(|()| ClientCertVerified::assertion())
    }
}

fn client(peer: Peer, own: Vec<Certificate>, key: PrivateKey) -> Result<ClientConnection, Failure> {
    let mut config = ClientConfig::builder()
        .with_safe_default_cipher_suites()
        .with_safe_default_kx_groups()
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_custom_certificate_verifier(Arc::new(peer))
        .with_single_cert(own, key)?;
    config.session_storage = Arc::new(NoClientSessionStorage {}); // a session that is resumed shows no certificate
    config.enable_tickets = false;
    Ok(ClientConnection::new(Arc::new(config), "member.invalid".try_into()?)?)
}

fn server(peer: Peer, own: Vec<Certificate>, key: PrivateKey) -> Result<ServerConnection, Failure> {
    let mut config = ServerConfig::builder()
        .with_safe_default_cipher_suites()
        .with_safe_default_kx_groups()
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(peer))
        .with_single_cert(own, key)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(ServerConnection::new(Arc::new(config))?)
}

/// One line each way: in TLS 1.3 a client learns by reading that the server refused it.
fn exchange(stream: &mut (impl Read + Write)) -> std::io::Result<()> {
    let mut answer = [0; 6];
    stream.write_all(b"hello\n")?;
    stream.read_exact(&mut answer)?;
    if &answer != b"hello\n" {
        return Err(std::io::Error::new(std::io::ErrorKind::Other, "another line than hello"));
    }
    Ok(())
}

fn accept(port: &str) -> std::io::Result<TcpStream> {
    let listening = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("port {}", listening.local_addr()?.port());
    Ok(listening.accept()?.0)
}

fn member_of(text: &str) -> Option<[u8; 32]> {
    let digits = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = |i| u8::from_str_radix(&text[i..i + 2], 16).ok();
    digits.then(|| (0..64).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?.try_into().ok()).flatten()
}

/// Returns whether both sides accepted each other.
fn run(arguments: &[String]) -> Result<bool, Failure> {
    let is_server = arguments[0] == "server";
    let own = vec![Certificate(fs::read(&arguments[2])?)];
    let key = PrivateKey(fs::read(&arguments[3])?);
    let peer = Peer {
        checkpoint: fs::read(&arguments[4])?,
        member: member_of(&arguments[5]).ok_or("MEMBER: 64 hexadecimal digits")?,
        max_age_s: arguments[6].parse()?,
        at: arguments.get(7).map(|at| at.parse()).transpose()?,
    };
    let talked = if is_server {
        let (mut tls, mut socket) = (server(peer, own, key)?, accept(&arguments[1])?);
        exchange(&mut Stream::new(&mut tls, &mut socket))
    } else {
        let (mut tls, mut socket) = (client(peer, own, key)?, TcpStream::connect(format!("127.0.0.1:{}", arguments[1]))?);
        exchange(&mut Stream::new(&mut tls, &mut socket))
    };
    match &talked {
        Ok(()) => println!("connected"),
        Err(why) => println!("not connected\n{why}"),
    }
    Ok(talked.is_ok())
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let good = (7..=8).contains(&arguments.len()) && ["server", "client"].contains(&arguments[0].as_str());
    if !good {
        eprintln!("usage: attested_keys server|client PORT CERTIFICATE KEY CHECKPOINT MEMBER MAX-AGE [AT]");
        process::exit(2);
    }
    process::exit(match run(&arguments) {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) => {
            eprintln!("{error}");
            2
        }
    });
}
