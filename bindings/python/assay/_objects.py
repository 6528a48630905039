"""bindings/python/assay/_objects.py - trust, policies, verifiers, and evidence that is put together."""
import ctypes as c
import enum
import threading
from typing import Any, Iterable, List, NamedTuple, Optional, Tuple

from . import _library as api

ALL_KINDS = 0xffffffff


class Kind(enum.IntEnum):
    """Kinds of evidence. NONE as an argument: as the bytes say."""
    NONE = 0
    SGX3 = 1
    TDX4 = 2
    SOFT = 3
    SGX4 = 4
    SGX5 = 5
    TDX5 = 6
    SNP = 7
    NITRO = 8
    TPM = 9
    VTPM_SNP = 10
    VTPM_TDX = 11
    CCA = 12
    NITRO_TPM = 13
    NVIDIA_GPU = 14
    NVIDIA_SWITCH = 15

    @property
    def bit(self) -> int:
        """For Trust.add_root."""
        return 1 << self.value


class Piece(NamedTuple):
    """A piece of collateral. status: 0 when it can serve, otherwise the number of the status that says why not."""
    set: int
    file: int
    name: str
    status: int


class Trust(api.Object):
    """Root keys, and what their vendors published."""

    def __init__(self) -> None:
        super().__init__(api.lib.assay_trust_destroy)
        api.must(api.lib.assay_trust_create(self._pointer))

    def add_pinned(self) -> None:
        """The vendors' roots that the library has."""
        api.must(api.lib.assay_trust_add_pinned(self._pointer))

    def add_root(self, root: Any, kinds: int = ALL_KINDS) -> None:
        """A certificate or public key in PEM or DER, or a JSON web key, for some kinds of evidence (bits)."""
        given = api.Borrowed(root)
        api.must(api.lib.assay_trust_add_root(self._pointer, given.value, len(given.value), api.number_of(kinds, c.c_uint32)))

    def add_policy_roots(self, policy: "Policy") -> None:
        """The roots that a policy names."""
        api.must(api.lib.assay_trust_add_policy_roots(self._pointer, api.pointer_of(policy, Policy)))

    def add_collateral(self, files: Iterable[Any]) -> bool:
        """Returns False when none of the files is of use: verdicts then say what is missing."""
        borrowed = api.BorrowedList(files)
        status = api.lib.assay_trust_add_collateral(self._pointer, borrowed.array, len(borrowed))
        if status != api.NOT_FOUND:
            api.must(status)
        return bool(status == 0)

    @property
    def pieces(self) -> List[Piece]:
        """What became of each piece of the collateral."""
        found: List[Piece] = []
        piece = api.TrustPiece()
        while api.lib.assay_trust_get_piece(self._pointer, len(found), piece) == 0:
            found.append(Piece(piece.set, piece.file, piece.name.decode(), piece.status))
        return found

    def set_exact(self, exact: bool) -> None:
        """Collateral is meant for the very evidence that is verified."""
        api.must(api.lib.assay_trust_set_exact(self._pointer, exact))


def _from_yaml(create: Any, yaml: str, pointer: Any) -> None:
    if not isinstance(yaml, str):
        raise TypeError("a policy: expected a text, not %s" % type(yaml).__name__)
    text, message = yaml.encode(), c.create_string_buffer(api.MESSAGE_MAX)
    status = create(text, len(text), pointer, message, len(message))
    if status != 0:
        raise ValueError(message.value.decode(errors="replace") or str(api.Error(status)))


class Policy(api.Object):
    """What is accepted, from the text of a policy file; ValueError says where it is wrong."""

    def __init__(self, yaml: str) -> None:
        super().__init__(api.lib.assay_policy_destroy)
        _from_yaml(api.policy_library().assay_policy_create_yaml, yaml, self._pointer)

    @classmethod
    def default(cls) -> "Policy":
        """That of a request without a policy."""
        made = cls.__new__(cls)
        api.Object.__init__(made, api.lib.assay_policy_destroy)
        api.must(api.lib.assay_policy_create(made._pointer))
        return made

    @classmethod
    def from_encoded(cls, encoded: Any) -> "Policy":
        """From its canonical CBOR, as a genesis has it."""
        given, made = api.Borrowed(encoded), cls.__new__(cls)
        api.Object.__init__(made, api.lib.assay_policy_destroy)
        api.must(api.lib.assay_policy_create_encoded(given.value, len(given.value), made._pointer))
        return made

    @property
    def digest(self) -> bytes:
        """SHA-256 of its canonical bytes: the name of the policy."""
        digest = c.create_string_buffer(32)
        api.must(api.lib.assay_policy_get_digest(self._pointer, digest))
        return digest.raw


class PolicyIssuers(api.Object):
    """Issuers of tokens that a policy file names; assay.read_issuers is the way to use it."""

    def __init__(self, yaml: str) -> None:
        library = api.policy_library()
        super().__init__(library.assay_policy_issuers_destroy)
        _from_yaml(library.assay_policy_issuers_create_yaml, yaml, self._pointer)

    def all(self) -> List[Tuple[int, str, Optional[str], Optional[str], Optional[str], Optional[int]]]:
        """Of each: service, issuer, files with keys and root, audience, limit of age."""
        found: List[Tuple[int, str, Optional[str], Optional[str], Optional[str], Optional[int]]] = []
        one = api.PolicyIssuer()
        while api.policy_library().assay_policy_issuers_get(self._pointer, len(found), one):
            found.append((one.service, one.issuer.decode(), api.text_of(one.keys_file), api.text_of(one.root_file),
                          api.text_of(one.audience), one.age_max_s if one.has_age_max else None))
        return found


class Counters(NamedTuple):
    """Of a verifier, since it was made: hits are platforms that were found again."""
    hits: int
    misses: int
    evictions: int
    platforms: int
    memory_bytes: int


class Verifier(api.Object):
    """What was proven about platforms already seen, so that their next evidence costs one signature."""

    def __init__(self, platforms: int) -> None:
        super().__init__(api.lib.assay_verifier_destroy)
        self._lock = threading.Lock()
        api.must(api.lib.assay_verifier_create(api.number_of(platforms, c.c_size_t), self._pointer))

    def set_tables(self, tables: int) -> None:
        """How many of the busiest platforms have a table of multiples of their key; 0: none."""
        count = api.number_of(tables, c.c_size_t)
        with self._lock:
            api.must(api.lib.assay_verifier_set_tables(self._pointer, count))

    @property
    def counters(self) -> Counters:
        counters = api.Counters()
        with self._lock:
            api.must(api.lib.assay_verifier_get_counters(self._pointer, counters))
        return Counters(*(getattr(counters, name) for name in Counters._fields))


# --- evidence

def recognise(evidence: Any) -> Kind:
    """The kind that the bytes say they are; nothing is verified."""
    given, kind = api.Borrowed(evidence), c.c_int()
    api.must(api.lib.assay_evidence_recognise(given.value, len(given.value), kind))
    return Kind(kind.value)


def pack(kind: int, main: Any, certificates: Iterable[Any] = (), **pieces: Any) -> bytes:
    """Evidence of several pieces as one byte string. pieces: signature, pcrs, key, hardware, report_data, quote."""
    given, listed = api.Borrowed(main), api.BorrowedList(certificates)
    request = api.PieceList(main=given.slice, certificates=listed.array, certificate_count=len(listed))
    borrowed = {}
    for name, value in pieces.items():
        if name not in ("signature", "pcrs", "key", "hardware", "report_data", "quote"):
            raise TypeError("no piece is named %s" % name)
        borrowed[name] = api.optional(value)
        setattr(request, name, borrowed[name].slice)
    buffer, length = c.create_string_buffer(api.EVIDENCE_MAX), c.c_size_t()
    api.must(api.lib.assay_evidence_pack(api.number_of(kind, c.c_int), request, buffer, len(buffer), length))
    return buffer.raw[:length.value]


class Device(NamedTuple):
    """The report of a GPU or switch, with its chain in DER."""
    kind: int
    report: Any
    certificates: Iterable[Any]


def _challenge(value: Any) -> bytes:
    challenge = bytes(memoryview(value))
    if not 0 < len(challenge) <= 64:
        raise ValueError("a challenge: expected 1 to 64 bytes, found %d" % len(challenge))
    return challenge.ljust(64, b"\0")


def devices_nonce(challenge: Any) -> bytes:
    """What each GPU and switch has to sign for a challenge of 1 to 64 bytes."""
    nonce = c.create_string_buffer(32)
    api.must(api.lib.assay_devices_get_nonce(_challenge(challenge), nonce))
    return nonce.raw


def pack_devices(challenge: Any, devices: Iterable[Device]) -> Tuple[bytes, bytes]:
    """Reports as one byte string, GPUs first, and the report data that the processor has to quote."""
    reports, kept = [], []
    for device in devices:
        report, certificates = api.Borrowed(device.report), api.BorrowedList(device.certificates)
        kept.append((report, certificates))
        reports.append(api.DeviceReport(c.sizeof(api.DeviceReport), api.number_of(device.kind, c.c_int), report.slice,
                                      certificates.array, len(certificates)))
    array = (api.DeviceReport * len(reports))(*reports)
    buffer, length, data = c.create_string_buffer(api.EVIDENCE_MAX), c.c_size_t(), c.create_string_buffer(64)
    api.must(api.lib.assay_devices_pack(_challenge(challenge), array, len(reports), buffer, len(buffer), length, data))
    return buffer.raw[:length.value], data.raw


def attach_devices(evidence: Any, devices: Any, packed: bool = False) -> bytes:
    """Evidence of a processor and its devices as one byte string. packed: shorter, where policies accept it."""
    given, attached = api.Borrowed(evidence), api.Borrowed(devices)
    buffer, length = c.create_string_buffer(api.EVIDENCE_MAX), c.c_size_t()
    api.must(api.lib.assay_devices_attach(given.slice, attached.slice, 1 if packed else 0, buffer, len(buffer), length))
    return buffer.raw[:length.value]
