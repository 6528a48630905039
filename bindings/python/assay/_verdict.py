"""bindings/python/assay/_verdict.py - verification of evidence; a verdict copied out of the library."""
import ctypes as c
import enum
import hashlib
import threading
import time
from typing import Any, Dict, Iterable, List, NamedTuple, NoReturn, Optional, Tuple

from . import _library as api
from ._objects import Kind, Policy, Trust, Verifier

_FORMS = {"json": 0, "cbor": 1, "jwt": 2, "cwt": 3}
_GENUINE = (None, True, False)


class Tier(enum.IntEnum):
    NONE = 0
    AFFIRMING = 1
    WARNING = 2
    CONTRAINDICATED = 3

    def __bool__(self) -> NoReturn:
        raise TypeError("a tier is no yes or no: compare it with Tier.AFFIRMING")


class Proof(enum.IntEnum):
    """A link of the chain of proofs. UNKNOWN: what is at hand cannot prove it."""
    NOT_USED = 0
    UNKNOWN = 1
    TRUE = 2
    FALSE = 3


class Finding(NamedTuple):
    """A reason for the tier; the most severe is the first."""
    rule: int
    name: str
    text: str
    expected: str
    observed: str
    fix: str
    effect: str  # the class of the rule: "forged", "unjudged", "refused", "old", "note"
    offset: int  # in the evidence; 0: it is about no field of it


class Platform(NamedTuple):
    id: bytes
    vendor_root: bytes
    masked: bool  # the id names an instance alone


class Instance(NamedTuple):
    """The instance of a cloud, as the cloud names it."""
    id: str
    name: str
    project: str
    zone: str
    project_number: int


class DeviceVerdict(NamedTuple):
    """A GPU or switch that came with the evidence. mode: "single", "multi", "protected-pcie" or "unknown", None of a switch;
    expires: the Unix time at which the first of its certificates, OCSP responses and manifests ends, expires_first which
    one that is."""
    kind: str
    genuine: Optional[bool]
    tier: Tier
    rule: int
    product: str
    driver: str
    firmware: str
    serial: bytes
    platform_id: bytes
    mode: Optional[str]
    expires: Optional[int]
    expires_first: str


class Log(NamedTuple):
    """An event log. form: "firmware", "ima"; status: 0 when it could be read; rule: 0 when nothing is wrong."""
    form: str
    status: int
    judged: bool
    events: int
    later: int
    extending: int
    proven: int
    rule: int
    rule_name: str
    fix: str


class Register(NamedTuple):
    """A register that a log extends or the policy names. state: "matches", "differs", ..."""
    name: str
    bank: str
    state: str
    events: int
    quoted: bytes
    replayed: bytes


class Event(NamedTuple):
    """An event that failed, or that is required and missing (occurred is False)."""
    rule: int
    rule_name: str
    expected: str
    observed: str
    fix: str
    form: str
    occurred: bool
    index: int  # type: ignore[assignment]  # of the event in its log; hides tuple.index
    offset: int
    type: int
    register_name: str
    text: str  # untrusted
    digest: bytes


class LogReport:
    """What was found in event logs. failed_count counts all events that failed; the first 16 are in `failed`."""

    def __init__(self, pointer: Any) -> None:
        self.logs: List[Log] = []
        self.registers: List[Register] = []
        self.failed: List[Event] = []
        self.failed_count: int = api.lib.assay_eventlog_report_count_failed(pointer)
        log, register, event = api.LogOutcome(), api.LogRegister(), api.LogEvent()
        while api.lib.assay_eventlog_report_get_log(pointer, len(self.logs), log):
            self.logs.append(Log(_form(log.form), log.status, log.judged, log.events, log.later, log.extending, log.proven,
                                 log.rule, log.rule_name.decode(), log.fix.decode()))
        while api.lib.assay_eventlog_report_get_register(pointer, len(self.registers), register):
            self.registers.append(Register(
                register.name.decode(), register.bank.decode(),
                api.name_of("assay_name_of_register_state", register.state), register.events, register.quoted.copy(),
                register.replayed.copy()))
        while api.lib.assay_eventlog_report_get_failed(pointer, len(self.failed), event):
            self.failed.append(Event(
                event.rule, _text(event.rule_name), _text(event.expected), _text(event.observed), _text(event.fix),
                _form(event.form), event.occurred, event.index, event.offset, event.type, _text(event.register_name),
                _text(event.text), event.digest.copy()))


def _form(number: int) -> str:
    return api.name_of("assay_name_of_eventlog_form", number)


def _text(value: Optional[bytes]) -> str:
    return api.text_of(value) or ""


class Result:
    """An attestation result (EAR) to be written with a verdict. form: "json", "cbor", or, signed with key (32 bytes, a
    scalar of P-256), "jwt", "cwt"; developer and build name your verifier; expires: Unix time, 0: with the verdict."""

    def __init__(self, form: str = "json", developer: str = "libassay", build: str = "1", profile: str = "ietf-04",
                 nonce: Optional[str] = None, key: Optional[bytes] = None, expires: int = 0) -> None:
        if form not in _FORMS:
            raise ValueError("form: expected one of %s" % ", ".join(_FORMS))
        if key is not None and len(key) != 32:
            raise ValueError("key: expected 32 bytes, the scalar of a P-256 key, found %d" % len(key))
        self._form = _FORMS[form]
        self._profile, self._developer = api.text_for(profile, "profile"), api.text_for(developer, "developer")
        self._build, self._nonce = api.text_for(build, "build"), api.text_for(nonce, "nonce")
        self._key = None if key is None else bytes(memoryview(key))
        self._expires = api.number_of(expires, c.c_int64)

    def _write(self, verdict: Any, policy: Any, evidence: bytes) -> bytes:
        request = api.EarRequest(policy=policy, form=self._form, expires_unix_s=self._expires, private_key=self._key,
                               profile=self._profile, developer=self._developer, build=self._build, nonce=self._nonce)
        request.evidence_digest[:] = hashlib.sha256(evidence).digest()
        buffer, length = c.create_string_buffer(api.RESULT_MAX), c.c_size_t()
        api.must(api.lib.assay_verdict_write_ear(verdict, request, buffer, len(buffer), length))
        return buffer.raw[:length.value]


class Verdict:
    """The answer, copied out of the library: it holds as long as Python keeps it. `claims` are what the evidence
    says, and proven only when `genuine` is True; `result` is the attestation result that was requested. Times are Unix
    times, None where there is none."""

    def __init__(self, pointer: Any, tier: int, policy: Any) -> None:
        lib = api.lib
        self.result: Optional[bytes] = None
        self.log_report: Optional[LogReport] = None
        self.tier = Tier(tier)
        self.kind: str = api.name_of("assay_name_of_kind", lib.assay_verdict_get_kind(pointer))
        self.genuine: Optional[bool] = _GENUINE[lib.assay_verdict_get_genuine(pointer)]
        self.tcb_status = _status(lib.assay_verdict_get_tcb_status(pointer))
        self.launch_status = _status(lib.assay_verdict_get_launch_status(pointer))
        self.current_status = _status(lib.assay_verdict_get_current_status(pointer))
        self.insecure: bool = lib.assay_verdict_is_insecure(pointer)
        self.debug: bool = lib.assay_verdict_is_debug(pointer)
        self.time = _time(lib.assay_verdict_get_time, pointer)
        self.tcb_date = _time(lib.assay_verdict_get_tcb_date, pointer)
        self.current_tcb_date = _time(lib.assay_verdict_get_current_tcb_date, pointer)
        self.expires = _time(lib.assay_verdict_get_expiry, pointer)
        self.report_data = _bytes(lib.assay_verdict_get_report_data, pointer)
        self.measurement = _bytes(lib.assay_verdict_get_measurement, pointer)
        self.platform = _platform(pointer)
        self.instance = _instance(pointer)
        self.devices = _devices(pointer)
        self.advisories = _texts(lib.assay_verdict_get_advisory, pointer)
        self.current_advisories = _texts(lib.assay_verdict_get_current_advisory, pointer)
        self.links = _links(pointer)
        self.findings: List[Finding] = []
        why = api.Finding()
        while lib.assay_verdict_get_finding(pointer, len(self.findings), why):
            name, text, expected, observed, fix = (getattr(why, field).decode(errors="replace")
                                                   for field in Finding._fields[1:6])
            self.findings.append(Finding(why.rule, name, text, expected, observed, fix,
                                         api.name_of("assay_name_of_rule_class", why.class_), why.offset))
        self.not_checked: List[Tuple[str, str]] = api.unchecked_of(lib.assay_verdict_get_unchecked, pointer)
        self.claims: Dict[str, Any] = dict(api.claims_of(lib.assay_verdict_get_claim_at, pointer))
        vector = (c.c_int8 * 8)()
        api.must(lib.assay_verdict_get_trust_vector(pointer, policy, vector))
        self.trust_vector: Tuple[int, ...] = tuple(vector)  # claims of AR4SI, in the order of their labels

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict is no yes or no: compare its tier")


def _status(number: int) -> str:
    return api.name_of("assay_name_of_tcb_status", number)


def _time(getter: Any, pointer: Any) -> Optional[int]:
    unix_s = c.c_int64()
    return unix_s.value if getter(pointer, unix_s) else None


def _bytes(getter: Any, pointer: Any) -> Optional[bytes]:
    out = api.Bytes()
    return out.copy() if getter(pointer, out) else None


def _texts(getter: Any, pointer: Any) -> List[str]:
    found: List[str] = []
    text = getter(pointer, 0)
    while text is not None:
        found.append(text.decode())
        text = getter(pointer, len(found))
    return found


def _platform(pointer: Any) -> Optional[Platform]:
    id_, root, masked = api.Bytes(), api.Bytes(), c.c_bool()
    if not api.lib.assay_verdict_get_platform(pointer, id_, root, masked):
        return None
    return Platform(id_.copy(), root.copy(), masked.value)


def _instance(pointer: Any) -> Optional[Instance]:
    out = api.CloudInstance()
    if not api.lib.assay_verdict_get_instance(pointer, out):
        return None
    return Instance(_text(out.id), _text(out.name), _text(out.project), _text(out.zone), out.project_number)


def _devices(pointer: Any) -> List[DeviceVerdict]:
    found: List[DeviceVerdict] = []
    one = api.DeviceVerdict()
    while api.lib.assay_verdict_get_device(pointer, len(found), one):
        found.append(DeviceVerdict(
            api.name_of("assay_name_of_kind", one.kind), _GENUINE[one.genuine], Tier(one.tier), one.rule,
            _text(one.product), _text(one.driver), _text(one.firmware), one.serial.copy(), one.platform_id.copy(),
            _text(one.mode) or None, one.expires_unix_s if one.has_expiry else None, _text(one.expires_first)))
    return found


def _links(pointer: Any) -> Dict[str, Proof]:
    found: Dict[str, Proof] = {}
    name, state = c.c_char_p(), c.c_int()
    while api.lib.assay_verdict_get_link(pointer, len(found), name, state):
        found[_text(name.value)] = Proof(state.value)
    return found


def verify(evidence: Any, trust: Trust, at: Optional[int] = None, policy: Optional[Policy] = None, kind: int = Kind.NONE,
           report_data: Any = None, nonce: Any = None, logs: Iterable[Any] = (), verifier: Optional[Verifier] = None,
           result: Optional[Result] = None) -> Verdict:
    """Appraise evidence. report_data, nonce: the challenge that it must answer; logs: event logs of firmware and IMA.
    Returns a Verdict."""
    borrowed = api.BorrowedList(logs)
    given, data, challenge = api.Borrowed(evidence), api.optional(report_data), api.optional(nonce)
    if report_data is not None and not data.value or nonce is not None and not challenge.value:
        raise api.Error(api.INVALID)  # an empty challenge would be none
    accepted = None if policy is None else api.pointer_of(policy, Policy)
    memory = None if verifier is None else api.pointer_of(verifier, Verifier)
    if result is not None and not isinstance(result, Result):
        raise TypeError("expected Result, not %s" % type(result).__name__)
    request = api.VerifyRequest(
        trust=api.pointer_of(trust, Trust), verifier=memory, policy=accepted, kind=api.number_of(kind, c.c_int),
        evidence=given.slice, at_unix_s=api.number_of(int(time.time()) if at is None else at, c.c_int64),
        expected_report_data=data.slice, expected_nonce=challenge.slice,
        logs=borrowed.array, log_count=len(borrowed))
    pointer, report, tier = api.OBJECT(), api.OBJECT(), c.c_int()
    try:
        api.must(api.lib.assay_verdict_create(pointer))
        if len(borrowed):
            api.must(api.lib.assay_eventlog_report_create(report))
            request.log_report = report
        with threading.Lock() if verifier is None else verifier._lock:
            api.must(api.lib.assay_verify(request, pointer, tier))
        verdict = Verdict(pointer, tier.value, accepted)
        if len(borrowed):
            verdict.log_report = LogReport(report)
        if result is not None:
            verdict.result = result._write(pointer, accepted, given.value)
        return verdict
    finally:
        api.lib.assay_eventlog_report_destroy(report)
        api.lib.assay_verdict_destroy(pointer)
