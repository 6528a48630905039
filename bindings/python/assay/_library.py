"""bindings/python/assay/_library.py - functions and structures of libassay, libassay-policy, libassay-standing, libassay-keys,
libassay-continuity and libassay-sqlite, over ctypes.

The names of the libraries hold their version, because before 1.0 every minor version may change the interface.
"""
import ctypes as c
from typing import Any, Dict, List, Optional, Tuple, Type

lib = c.CDLL("libassay.so.0.1")
OBJECT = c.c_void_p  # the objects are opaque
NOT_FOUND, INVALID = 117, 115
RESULT_MAX = 49664  # ASSAY_EAR_BYTES_MAX
EVIDENCE_MAX = 131072  # ASSAY_EVIDENCE_BYTES_MAX
MESSAGE_MAX = 512  # ASSAY_POLICY_MESSAGE_MAX
CLAIM_BOOL, CLAIM_TEXT, CLAIM_BYTES = 1, 3, 4


class Error(Exception):
    """A function of the library failed; `status` is its number, `why` the reason where the function has one. Distrust is no
    error."""

    def __init__(self, status: int, why: str = "") -> None:
        texts = [name_of("assay_name_of_status", status), name_of("assay_describe_status", status)]
        super().__init__(": ".join(texts + [why] * (why != "")))
        self.status, self.why = status, why


class Bytes(c.Structure):
    _fields_ = [("bytes", c.c_void_p), ("len", c.c_size_t)]

    def copy(self) -> bytes:
        return c.string_at(self.bytes, self.len) if self.len else b""


class _Sized(c.Structure):
    """Structures begin with their size, so that later versions can add members."""

    def __init__(self, **members: Any) -> None:
        super().__init__(size=c.sizeof(type(self)), **members)


class Counters(_Sized):
    _fields_ = [("size", c.c_size_t)] + [
        (name, c.c_uint64) for name in ("hits", "misses", "evictions", "platforms", "memory_bytes")]


class TrustPiece(_Sized):
    _fields_ = [("size", c.c_size_t), ("set", c.c_size_t), ("file", c.c_size_t), ("name", c.c_char_p), ("status", c.c_int)]


class PieceList(_Sized):
    _fields_ = [("size", c.c_size_t), ("main", Bytes), ("certificates", c.POINTER(Bytes)),
                ("certificate_count", c.c_size_t)] + [
        (name, Bytes) for name in ("signature", "pcrs", "key", "hardware", "activation", "report_data", "quote")]


class DeviceReport(c.Structure):
    _fields_ = [("size", c.c_size_t), ("kind", c.c_int), ("report", Bytes), ("certificates", c.POINTER(Bytes)),
                ("certificate_count", c.c_size_t)]


class VerifyRequest(_Sized):
    _fields_ = [("size", c.c_size_t), ("trust", OBJECT), ("verifier", OBJECT), ("policy", OBJECT), ("kind", c.c_int),
                ("evidence", Bytes), ("at_unix_s", c.c_int64), ("expected_report_data", Bytes),
                ("expected_nonce", Bytes), ("logs", c.POINTER(Bytes)), ("log_count", c.c_size_t),
                ("log_report", OBJECT)]


class LogOutcome(_Sized):
    _fields_ = [("size", c.c_size_t), ("form", c.c_int), ("status", c.c_int), ("judged", c.c_bool)] + [
        (name, c.c_uint64) for name in ("events", "later", "extending", "proven")] + [
        ("rule", c.c_uint32), ("rule_name", c.c_char_p), ("fix", c.c_char_p)]


class LogRegister(_Sized):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("bank", c.c_char_p), ("state", c.c_int),
                ("events", c.c_uint64), ("quoted", Bytes), ("replayed", Bytes)]


class LogEvent(_Sized):
    _fields_ = [("size", c.c_size_t), ("rule", c.c_uint32)] + [
        (name, c.c_char_p) for name in ("rule_name", "expected", "observed", "fix")] + [
        ("form", c.c_int), ("occurred", c.c_bool), ("index", c.c_uint64), ("offset", c.c_uint32), ("type", c.c_uint32),
        ("register_name", c.c_char_p), ("text", c.c_char_p), ("digest", Bytes)]


class CloudInstance(_Sized):
    _fields_ = [("size", c.c_size_t)] + [(name, c.c_char_p) for name in ("id", "name", "project", "zone")] + [
        ("project_number", c.c_uint64)]


class DeviceVerdict(_Sized):
    _fields_ = [("size", c.c_size_t), ("kind", c.c_int), ("genuine", c.c_int), ("tier", c.c_int), ("rule", c.c_uint32),
                ("product", c.c_char_p), ("driver", c.c_char_p), ("firmware", c.c_char_p), ("serial", Bytes),
                ("platform_id", Bytes), ("mode", c.c_char_p), ("has_expiry", c.c_bool), ("expires_unix_s", c.c_int64),
                ("expires_first", c.c_char_p)]


class Finding(_Sized):
    _fields_ = [("size", c.c_size_t), ("rule", c.c_uint32), ("class_", c.c_int), ("offset", c.c_uint32)] + [
        (name, c.c_char_p) for name in ("name", "text", "expected", "observed", "fix")]


class Unchecked(_Sized):
    _fields_ = [("size", c.c_size_t), ("what", c.c_char_p), ("why", c.c_char_p)]


class ClaimValue(_Sized):
    _fields_ = [("size", c.c_size_t), ("name", c.c_char_p), ("type", c.c_int), ("number", c.c_uint64), ("bytes", Bytes)]


class EarRequest(_Sized):
    _fields_ = [("size", c.c_size_t), ("policy", OBJECT), ("profile", c.c_char_p), ("developer", c.c_char_p),
                ("build", c.c_char_p), ("nonce", c.c_char_p), ("evidence_digest", c.c_uint8 * 32), ("form", c.c_int),
                ("expires_unix_s", c.c_int64), ("private_key", c.c_char_p), ("sign", c.c_void_p),
                ("sign_context", c.c_void_p), ("public_key", c.c_char_p)]


class ResultIssuer(c.Structure):
    _fields_ = [("size", c.c_size_t), ("service", c.c_int), ("issuer", c.c_char_p), ("keys", Bytes), ("root", Bytes),
                ("audience", c.c_char_p), ("has_age_max", c.c_bool), ("age_max_s", c.c_uint64)]


class ResultRequest(_Sized):
    _fields_ = [("size", c.c_size_t), ("issuers", c.POINTER(ResultIssuer)), ("issuer_count", c.c_size_t),
                ("nonce", c.c_char_p), ("at_unix_s", c.c_int64)]


class ResultSummary(_Sized):
    _fields_ = [("size", c.c_size_t), ("answer", c.c_int), ("why", c.c_char_p), ("issuer_index", c.c_size_t),
                ("service", c.c_int), ("statement", c.c_int), ("vector", c.c_int8 * 8)] + [
        (name, c.c_char_p) for name in ("issuer", "subject", "algorithm", "key_id", "attester", "tcb_status")] + [
        ("debug", c.c_int), ("secure_boot", c.c_int), ("policy_failed", c.c_bool), ("has_issued", c.c_bool),
        ("issued_unix_s", c.c_int64), ("expires_unix_s", c.c_int64), ("devices", c.c_size_t),
        ("devices_named", c.c_size_t)]


class ResultDevice(_Sized):
    _fields_ = [("size", c.c_size_t)] + [
        (name, c.c_char_p) for name in ("label", "product", "serial", "driver", "firmware")] + [
        (name, c.c_int) for name in ("measured", "debug", "secure_boot")]


class IdentityRequest(_Sized):
    _fields_ = [("size", c.c_size_t), ("trusted", Bytes), ("chain_id", c.c_char_p), ("trust_domain", c.c_char_p),
                ("service", c.c_char_p), ("spiffe_id", c.c_char_p), ("node_id", c.c_char_p), ("has_era", c.c_bool),
                ("era", c.c_uint64), ("epoch_min", c.c_uint64), ("has_age_max", c.c_bool), ("age_max_s", c.c_uint64),
                ("standing_worst", c.c_int), ("kinds", c.c_uint32), ("accept_insecure", c.c_bool), ("skew_s", c.c_uint32),
                ("at_unix_s", c.c_int64), ("issuer", c.c_char_p), ("audience", c.c_char_p)]


class IdentityClaims(_Sized):
    _fields_ = [("size", c.c_size_t), ("answer", c.c_int)] + [
        (name, c.c_char_p) for name in ("why", "spiffe_id", "trust_domain", "name")] + [
        ("is_service", c.c_bool), ("insecure", c.c_bool), ("chain_id", c.c_uint8 * 32), ("era", c.c_uint64),
        ("epoch", c.c_uint64), ("block_id", c.c_uint8 * 32), ("node_id", c.c_uint8 * 32), ("incarnation", c.c_uint32),
        ("standing", c.c_int), ("score_bp", c.c_uint32), ("evidence_kind", c.c_uint32), ("entry_digest", c.c_uint8 * 32),
        ("proof_digest", c.c_uint8 * 32), ("serial", c.c_uint8 * 16), ("issued_unix_s", c.c_int64),
        ("starts_unix_s", c.c_int64), ("expires_unix_s", c.c_int64), ("ca_number", c.c_uint32), ("key", Bytes),
        ("key_thumbprint", c.c_char_p)]


class PolicyIssuer(_Sized):
    _fields_ = [("size", c.c_size_t), ("service", c.c_int), ("issuer", c.c_char_p), ("keys_file", c.c_char_p),
                ("root_file", c.c_char_p), ("audience", c.c_char_p), ("has_age_max", c.c_bool), ("age_max_s", c.c_uint64)]


class KeyRequest(_Sized):
    _fields_ = [("size", c.c_size_t), ("proof", c.c_void_p), ("proof_len", c.c_size_t), ("checkpoint", c.c_void_p),
                ("checkpoint_len", c.c_size_t), ("key", c.c_void_p), ("key_len", c.c_size_t), ("node_id", c.c_char_p),
                ("name", c.c_char_p), ("standing_worst", c.c_int), ("now_ms", c.c_uint64), ("max_age_s", c.c_uint32)]


class StandingReport(_Sized):
    _fields_ = [("size", c.c_size_t), ("answer", c.c_int), ("node_id", c.c_uint8 * 32), ("standing", c.c_int),
                ("stage", c.c_int), ("stage_epoch", c.c_uint64), ("score_bp", c.c_uint16), ("integrity_bp", c.c_uint16),
                ("availability_bp", c.c_uint16), ("outcome", c.c_int), ("pass_weight", c.c_uint64),
                ("negative_weight", c.c_uint64), ("electorate_weight", c.c_uint64), ("certified", c.c_bool),
                ("last_pass_epoch", c.c_uint64), ("incarnation", c.c_uint32), ("weight", c.c_uint32),
                ("chain_id", c.c_uint8 * 32), ("era", c.c_uint32), ("epoch", c.c_uint64), ("time_ms", c.c_uint64),
                ("expires_ms", c.c_uint64), ("block_id", c.c_uint8 * 32), ("policy_digest", c.c_uint8 * 32),
                ("checkpoint", c.c_uint8 * 192), ("checkpoint_len", c.c_size_t)]


SIGN = c.CFUNCTYPE(c.c_bool, c.c_void_p, c.c_void_p, c.c_size_t, c.c_void_p, c.POINTER(c.c_size_t))


class WorkloadKey(_Sized):
    _fields_ = [("size", c.c_size_t), ("socket_path", c.c_char_p), ("chain_id", c.c_char_p), ("node_id", c.c_char_p),
                ("purpose", c.c_int), ("name", c.c_char_p), ("audiences", c.POINTER(c.c_char_p)),
                ("audience_count", c.c_size_t), ("key", c.c_void_p), ("key_len", c.c_size_t), ("sign", SIGN),
                ("context", c.c_void_p), ("boot", c.c_char_p), ("timeout_ms", c.c_uint32)]


class WorkloadKeyAnswer(_Sized):
    _fields_ = [("size", c.c_size_t), ("is_new", c.c_bool), ("may_pass", c.c_bool), ("count", c.c_uint32),
                ("boot", c.c_uint8 * 32), ("chain_id", c.c_uint8 * 32), ("node_id", c.c_uint8 * 32),
                ("message", c.c_char * 400)]


class ContinuityOptions(_Sized):
    _fields_ = [("size", c.c_size_t), ("daemon", c.c_char_p), ("group", c.c_uint32), ("folder", c.c_char_p),
                ("checkpoint", c.c_void_p), ("checkpoint_len", c.c_size_t), ("key", c.c_char_p), ("state_max", c.c_size_t),
                ("owner", c.c_char_p), ("later", c.c_void_p), ("later_len", c.c_size_t), ("later_signature", c.c_char_p),
                ("lease", c.c_uint32), ("handover_ms", c.c_uint32)]


PROGRESS = c.CFUNCTYPE(c.c_int, c.py_object, c.c_uint64)


class SqliteOptions(_Sized):
    _fields_ = [("size", c.c_size_t), ("continuity", c.POINTER(ContinuityOptions)), ("file", c.c_char_p),
                ("page_size", c.c_uint32), ("progress", PROGRESS), ("context", c.c_void_p)]


class KvRange(_Sized):
    _fields_ = [("size", c.c_size_t), ("prefix", c.c_char_p), ("prefix_len", c.c_size_t), ("start", c.c_char_p),
                ("start_len", c.c_size_t), ("stop", c.c_char_p), ("stop_len", c.c_size_t), ("is_descending", c.c_bool)]


class KvEntry(_Sized):
    _fields_ = [("size", c.c_size_t), ("key_len", c.c_size_t), ("key", c.c_uint8 * 1024), ("value", c.c_void_p),
                ("value_len", c.c_size_t)]


class ContinuityStatus(_Sized):
    _fields_ = [("size", c.c_size_t), ("chain_id", c.c_uint8 * 32), ("instance", c.c_uint8 * 32), ("session", c.c_uint64),
                ("view", c.c_uint64), ("given", c.c_uint64), ("certified", c.c_uint64), ("certified_digest", c.c_uint8 * 32),
                ("given_digest", c.c_uint8 * 32)]


class ReceiptInput(_Sized):
    _fields_ = [("size", c.c_size_t), ("checkpoint", c.c_void_p), ("checkpoint_len", c.c_size_t), ("evidence", c.c_void_p),
                ("evidence_len", c.c_size_t), ("receipt", c.c_void_p), ("receipt_len", c.c_size_t), ("nonce", c.c_char_p),
                ("instance", c.c_char_p), ("now_ms", c.c_uint64), ("max_age_s", c.c_uint32)]


class ReceiptClaims(_Sized):
    _fields_ = [("size", c.c_size_t), ("chain_id", c.c_uint8 * 32), ("instance", c.c_uint8 * 32), ("nonce", c.c_uint8 * 32),
                ("digest", c.c_uint8 * 32), ("index", c.c_uint64), ("session", c.c_uint64), ("promised", c.c_uint64),
                ("view", c.c_uint64), ("epoch", c.c_uint64), ("time_ms", c.c_uint64), ("era", c.c_uint32),
                ("group", c.c_uint32), ("signers", c.c_uint32), ("seats", c.c_uint32), ("age_known", c.c_bool),
                ("is_listed", c.c_bool), ("is_kept", c.c_bool), ("is_retired", c.c_bool), ("is_halted", c.c_bool),
                ("reason", c.c_char * 256)]


_OBJECTS, _LEN = c.POINTER(OBJECT), c.POINTER(c.c_size_t)


def _declare(library: c.CDLL, *functions: Any) -> None:
    for name, result, *arguments in functions:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _getter(name: str, of: Type[Any]) -> Any:
    return name, c.c_bool, OBJECT, c.c_size_t, c.POINTER(of)


_declare(
    lib, *((name, c.c_char_p, c.c_int) for name in (
        "assay_name_of_status", "assay_describe_status", "assay_name_of_tier", "assay_name_of_kind",
        "assay_name_of_tcb_status", "assay_name_of_rule_class", "assay_name_of_eventlog_form",
        "assay_name_of_register_state", "assay_name_of_service", "assay_name_of_result", "assay_name_of_statement")),
    *((name, c.c_int, OBJECT) for name in (
        "assay_verdict_get_genuine", "assay_verdict_get_kind", "assay_verdict_get_tcb_status",
        "assay_verdict_get_launch_status", "assay_verdict_get_current_status")),
    *((name, c.c_bool, OBJECT, c.POINTER(c.c_int64)) for name in (
        "assay_verdict_get_time", "assay_verdict_get_tcb_date", "assay_verdict_get_current_tcb_date",
        "assay_verdict_get_expiry")),
    _getter("assay_verdict_get_finding", Finding), _getter("assay_verdict_get_unchecked", Unchecked),
    _getter("assay_verdict_get_device", DeviceVerdict), _getter("assay_result_get_device", ResultDevice),
    _getter("assay_result_get_unchecked", Unchecked), _getter("assay_identity_get_unchecked", Unchecked),
    _getter("assay_eventlog_report_get_log", LogOutcome),
    _getter("assay_eventlog_report_get_register", LogRegister), _getter("assay_eventlog_report_get_failed", LogEvent),
    ("assay_version", c.c_char_p),
    ("assay_version_number", c.c_int),
    ("assay_trust_create", c.c_int, _OBJECTS),
    ("assay_trust_add_pinned", c.c_int, OBJECT),
    ("assay_trust_add_root", c.c_int, OBJECT, c.c_char_p, c.c_size_t, c.c_uint32),
    ("assay_trust_add_collateral", c.c_int, OBJECT, c.POINTER(Bytes), c.c_size_t),
    ("assay_trust_get_piece", c.c_int, OBJECT, c.c_size_t, c.POINTER(TrustPiece)),
    ("assay_trust_set_exact", c.c_int, OBJECT, c.c_bool),
    ("assay_trust_destroy", None, _OBJECTS),
    ("assay_trust_add_policy_roots", c.c_int, OBJECT, OBJECT),
    ("assay_policy_create", c.c_int, _OBJECTS),
    ("assay_policy_create_encoded", c.c_int, c.c_char_p, c.c_size_t, _OBJECTS),
    ("assay_policy_destroy", None, _OBJECTS),
    ("assay_policy_get_digest", c.c_int, OBJECT, c.c_char_p),
    ("assay_verifier_create", c.c_int, c.c_size_t, _OBJECTS),
    ("assay_verifier_set_tables", c.c_int, OBJECT, c.c_size_t),
    ("assay_verifier_get_counters", c.c_int, OBJECT, c.POINTER(Counters)),
    ("assay_verifier_destroy", None, _OBJECTS),
    ("assay_evidence_recognise", c.c_int, c.c_char_p, c.c_size_t, c.POINTER(c.c_int)),
    ("assay_evidence_pack", c.c_int, c.c_int, c.POINTER(PieceList), c.c_char_p, c.c_size_t, _LEN),
    ("assay_devices_get_nonce", c.c_int, c.c_char_p, c.c_char_p),
    ("assay_devices_pack", c.c_int, c.c_char_p, c.POINTER(DeviceReport), c.c_size_t, c.c_char_p, c.c_size_t, _LEN,
     c.c_char_p),
    ("assay_devices_attach", c.c_int, Bytes, Bytes, c.c_int, c.c_char_p, c.c_size_t, _LEN),
    ("assay_verdict_create", c.c_int, _OBJECTS),
    ("assay_verdict_destroy", None, _OBJECTS),
    ("assay_verdict_is_insecure", c.c_bool, OBJECT),
    ("assay_verdict_is_debug", c.c_bool, OBJECT),
    ("assay_verdict_get_report_data", c.c_bool, OBJECT, c.POINTER(Bytes)),
    ("assay_verdict_get_measurement", c.c_bool, OBJECT, c.POINTER(Bytes)),
    ("assay_verdict_get_platform", c.c_bool, OBJECT, c.POINTER(Bytes), c.POINTER(Bytes), c.POINTER(c.c_bool)),
    ("assay_verdict_get_instance", c.c_bool, OBJECT, c.POINTER(CloudInstance)),
    ("assay_verdict_get_advisory", c.c_char_p, OBJECT, c.c_size_t),
    ("assay_verdict_get_current_advisory", c.c_char_p, OBJECT, c.c_size_t),
    ("assay_verdict_get_link", c.c_bool, OBJECT, c.c_size_t, c.POINTER(c.c_char_p), c.POINTER(c.c_int)),
    ("assay_verdict_get_claim_at", c.c_int, OBJECT, c.c_size_t, c.POINTER(ClaimValue)),
    ("assay_verdict_get_trust_vector", c.c_int, OBJECT, OBJECT, c.POINTER(c.c_int8)),
    ("assay_verdict_write_ear", c.c_int, OBJECT, c.POINTER(EarRequest), c.c_char_p, c.c_size_t, _LEN),
    ("assay_verify", c.c_int, c.POINTER(VerifyRequest), OBJECT, c.POINTER(c.c_int)),
    ("assay_eventlog_report_create", c.c_int, _OBJECTS),
    ("assay_eventlog_report_destroy", None, _OBJECTS),
    ("assay_eventlog_report_count_failed", c.c_uint64, OBJECT),
    ("assay_result_create", c.c_int, _OBJECTS),
    ("assay_result_destroy", None, _OBJECTS),
    ("assay_result_verify", c.c_int, c.POINTER(ResultRequest), c.c_char_p, c.c_size_t, OBJECT, c.POINTER(c.c_int),
     c.POINTER(c.c_int)),
    ("assay_result_get_summary", c.c_bool, OBJECT, c.POINTER(ResultSummary)),
    ("assay_result_get_claim_at", c.c_int, OBJECT, c.c_size_t, c.POINTER(ClaimValue)),
    ("assay_identity_create", c.c_int, _OBJECTS),
    ("assay_identity_destroy", None, _OBJECTS),
    ("assay_identity_verify_peer", c.c_int, c.POINTER(IdentityRequest), c.POINTER(Bytes), c.c_size_t, OBJECT,
     c.POINTER(c.c_int)),
    ("assay_identity_verify_token", c.c_int, c.POINTER(IdentityRequest), c.c_char_p, c.c_size_t, OBJECT,
     c.POINTER(c.c_int)),
    ("assay_identity_get_claims", c.c_bool, OBJECT, c.POINTER(IdentityClaims)))

_loaded: Dict[str, c.CDLL] = {}


def _load(name: str, *functions: Any) -> c.CDLL:
    """A library that is loaded when it is used first."""
    if name not in _loaded:
        library = c.CDLL("lib%s.so.0.1" % name)
        _declare(library, *functions)
        _loaded[name] = library
    return _loaded[name]


def standing_library() -> c.CDLL:
    """libassay-standing, loaded with the first proof that is verified."""
    return _load(
        "assay-standing",
        ("assay_standing_verify", c.c_int, c.c_char_p, c.c_size_t, c.c_char_p, c.c_size_t, c.c_uint64, c.c_uint32,
         c.POINTER(StandingReport)),
        ("assay_standing_verify_key", c.c_int, c.POINTER(KeyRequest), c.POINTER(StandingReport), c.POINTER(c.c_int)),
        *((name, c.c_char_p, c.c_int) for name in ("assay_describe_answer", "assay_describe_key")))


def policy_library() -> c.CDLL:
    """libassay-policy, loaded with the first policy file that is read."""
    return _load(
        "assay-policy",
        ("assay_policy_create_yaml", c.c_int, c.c_char_p, c.c_size_t, _OBJECTS, c.c_char_p, c.c_size_t),
        ("assay_policy_issuers_create_yaml", c.c_int, c.c_char_p, c.c_size_t, _OBJECTS, c.c_char_p, c.c_size_t),
        ("assay_policy_issuers_destroy", None, _OBJECTS),
        _getter("assay_policy_issuers_get", PolicyIssuer))


def keys_library() -> c.CDLL:
    """libassay-keys, loaded with the first key that is registered."""
    return _load(
        "assay-keys",
        ("assay_workload_key_register", c.c_int, c.POINTER(WorkloadKey), c.POINTER(WorkloadKeyAnswer)),
        ("assay_workload_key_withdraw", c.c_int, c.c_char_p, c.c_int, c.c_char_p, c.c_uint32, c.POINTER(WorkloadKeyAnswer)))


def continuity_library() -> c.CDLL:
    """libassay-continuity, loaded with the first instance that is created or opened, or receipt that is verified."""
    index = c.POINTER(c.c_uint64)
    return _load(
        "assay-continuity",
        *((name, c.c_char_p, c.c_int) for name in (
            "assay_continuity_name", "assay_continuity_describe", "assay_continuity_receipt_name",
            "assay_continuity_receipt_describe")),
        ("assay_continuity_receipt_verify", c.c_int, c.POINTER(ReceiptInput), c.POINTER(ReceiptClaims)),
        *((name, c.c_int, c.POINTER(ContinuityOptions), _OBJECTS) for name in (
            "assay_continuity_create", "assay_continuity_open")),
        *((name, c.c_int, OBJECT, c.c_uint32) for name in (
            "assay_continuity_start", "assay_continuity_confirm", "assay_continuity_retire", "assay_continuity_step")),
        ("assay_continuity_close", None, _OBJECTS),
        ("assay_continuity_state", c.c_void_p, OBJECT, _LEN, index),
        ("assay_continuity_update", c.c_int, OBJECT, c.c_char_p, c.c_size_t, index),
        ("assay_continuity_wait", c.c_int, OBJECT, c.c_uint64, c.c_uint32),
        ("assay_continuity_save", c.c_int, OBJECT, c.c_char_p, c.c_size_t, c.c_uint32),
        ("assay_continuity_receipt", c.c_int, OBJECT, c.c_char_p, c.c_char_p, c.c_size_t, _LEN, c.c_uint32),
        ("assay_continuity_fd", c.c_int, OBJECT),
        ("assay_continuity_timeout_ms", c.c_int, OBJECT),
        ("assay_continuity_get_status", c.c_int, OBJECT, c.POINTER(ContinuityStatus)),
        ("assay_continuity_reason", c.c_char_p, OBJECT))


def sqlite_library() -> c.CDLL:
    """libassay-sqlite, loaded with the first store that is created or opened."""
    return _load(
        "assay-sqlite",
        *((name, c.c_int, c.POINTER(SqliteOptions), _OBJECTS) for name in ("assay_kv_create", "assay_kv_open")),
        ("assay_kv_close", c.c_int, _OBJECTS),
        *((name, c.c_int, OBJECT, c.c_uint32) for name in ("assay_kv_start", "assay_kv_confirm")),
        *((name, c.c_int, OBJECT) for name in (
            "assay_kv_begin", "assay_kv_commit", "assay_kv_discard", "assay_kv_result")),
        ("assay_kv_get", c.c_int, OBJECT, c.c_char_p, c.c_size_t, c.POINTER(c.c_void_p), _LEN),
        ("assay_kv_put", c.c_int, OBJECT, c.c_char_p, c.c_size_t, c.c_char_p, c.c_size_t),
        ("assay_kv_delete", c.c_int, OBJECT, c.c_char_p, c.c_size_t),
        ("assay_kv_find_next", c.c_int, OBJECT, c.POINTER(KvRange), c.POINTER(KvEntry)),
        ("assay_kv_count", c.c_int, OBJECT, c.POINTER(KvRange), c.POINTER(c.c_uint64)),
        ("assay_kv_index", c.c_uint64, OBJECT),
        ("assay_kv_reason", c.c_char_p, OBJECT))


# --- values

def name_of(function: str, number: int) -> str:
    name: str = getattr(lib, function)(number).decode()
    return name


def must(status: int) -> None:
    if status != 0:
        raise Error(status)


def number_of(value: int, kind: Any) -> int:
    """A number as C has it; ctypes alone would cut one that does not fit."""
    if not isinstance(value, int):
        raise TypeError("expected a whole number, not %s" % type(value).__name__)
    if kind(value).value != value:
        raise OverflowError("%d does not fit the %d bits of %s" % (value, 8 * c.sizeof(kind), kind.__name__))
    return int(value)


def text_for(value: Optional[str], what: str) -> Optional[bytes]:
    """A text as C has it; None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError("%s: expected a text, not %s" % (what, type(value).__name__))
    if "\0" in value:
        raise ValueError("%s: the text has a NUL, behind which C would not read it" % what)
    return value.encode()


def digest_for(value: Any, what: str, length: int = 32) -> Optional[bytes]:
    """The 32 bytes of an id as C has them, or those of a key or signature; None stays None."""
    if value is None:
        return None
    found = bytes(memoryview(value))
    if len(found) != length:
        raise ValueError("%s: expected %d bytes, found %d" % (what, length, len(found)))
    return found


def text_of(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else value.decode(errors="replace")


class Borrowed:
    """The bytes of a Python object, for one call."""

    def __init__(self, value: Any) -> None:
        self.value = bytes(memoryview(value))  # no number: bytes(5) are five zeros
        self.buffer = c.create_string_buffer(self.value, len(self.value) or 1)
        self.slice = Bytes(c.cast(self.buffer, c.c_void_p) if self.value else None, len(self.value))


def optional(value: Any) -> Borrowed:
    """None: no bytes."""
    return Borrowed(b"" if value is None else value)


class BorrowedList:
    """Those of several; text would be taken for a list of its letters."""

    def __init__(self, values: Any) -> None:
        if isinstance(values, (bytes, bytearray, memoryview, str)):
            raise TypeError("expected a list of bytes, not %s" % type(values).__name__)
        self.all = [Borrowed(value) for value in values]
        self.array = (Bytes * len(self.all))(*(one.slice for one in self.all))

    def __len__(self) -> int:
        return len(self.all)


class Object:
    """An object of the library, which is freed with this one."""
    _destroy: Any = None
    _pointer: Any = None

    def __init__(self, destroy: Any) -> None:
        self._destroy = destroy
        self._pointer = OBJECT()

    def __del__(self) -> None:
        if self._destroy is not None:
            self._destroy(self._pointer)

    def __reduce_ex__(self, protocol: Any) -> Any:  # a copy would be freed with the first of the two
        raise TypeError("%s: objects of the library have no copies" % type(self).__name__)


def pointer_of(value: Any, kind: Type[Object]) -> Any:
    """Of an object of this kind and no other: the library cannot tell them apart, and NULL is a default."""
    if not isinstance(value, kind):
        raise TypeError("expected %s, not %s" % (kind.__name__, type(value).__name__))
    if not value._pointer:
        raise Error(INVALID)  # no constructor made it
    return value._pointer


def value_of(claim: ClaimValue) -> Any:
    """bool, int (of lists and maps: how many members), str, bytes or None."""
    if claim.type == CLAIM_BOOL:
        return claim.number != 0
    if claim.type == CLAIM_TEXT:
        return claim.bytes.copy().decode(errors="replace")
    if claim.type == CLAIM_BYTES:
        return claim.bytes.copy()
    return None if claim.type == 0 else claim.number


def claims_of(getter: Any, pointer: Any) -> Any:
    """All pairs of name and value, in their order."""
    found, claim = [], ClaimValue()
    status = getter(pointer, 0, claim)
    while status == 0:
        found.append((claim.name.decode(errors="replace"), value_of(claim)))
        status = getter(pointer, len(found), claim)
    if status != NOT_FOUND:
        raise Error(status)
    return found


def unchecked_of(getter: Any, pointer: Any) -> Any:
    """All pairs of what was not checked, and why."""
    found: List[Tuple[str, str]] = []
    item = Unchecked()
    while getter(pointer, len(found), item):
        found.append((item.what.decode(), item.why.decode()))
    return found
