"""bindings/python/assay/_workload.py - registration of a workload key with the enclave of this machine, over libassay-keys."""
import ctypes as c
import enum
from typing import Any, Callable, Iterable, NamedTuple, NoReturn, Optional

from . import _library as api

_SIGNATURE_MAX = 104  # ASSAY_WORKLOAD_SIGNATURE_MAX


class Purpose(enum.IntEnum):
    """What a key is for; the network certifies it for that alone."""
    TLS = 1
    TOKEN = 3
    SSH = 4


class WorkloadKey(NamedTuple):
    """A key that this program has, to be registered. Call from inside the TEE, where the private key is.

    socket_path: `enclave.service` of the daemon's configuration. chain_id: 32 bytes, the network that you mean, and never one
    that you were sent. name: a DNS label in lower case; one key of a purpose has it. key: SubjectPublicKeyInfo (DER) of P-256,
    P-384 or Ed25519. sign: signs a message with the private key, as most libraries do: ECDSA over its SHA-256 (P-256) or
    SHA-384 (P-384), in DER; Ed25519 over the message. It is called twice. What it raises, register_key raises. audiences: of
    Purpose.TOKEN, ascending. node_id: 32 bytes, this member alone; None: the one of the enclave. boot: that of an earlier
    answer: an enclave that has not restarted since still has the key, so nothing is signed. timeout_ms: at most 60000; 0:
    5000."""
    socket_path: str
    chain_id: Any
    name: str
    key: Any
    sign: Callable[[bytes], bytes]
    purpose: int = Purpose.TLS
    audiences: Iterable[str] = ()
    node_id: Any = None
    boot: Any = None
    timeout_ms: int = 0


class RegistrationError(api.Error):
    """The key is not registered. may_pass: that passes by itself, so call again in some seconds."""

    def __init__(self, status: int, why: str, may_pass: bool) -> None:
        super().__init__(status, why)
        self.may_pass = may_pass


class Registration:
    """What the enclave has. is_new: this call registered the key. count: keys that it has; 0 unless is_new. boot: 32 bytes, of
    its program: another one after each restart, which has no keys."""

    def __init__(self, answer: Any) -> None:
        self.is_new: bool = answer.is_new
        self.count: int = answer.count
        self.boot = bytes(answer.boot)
        self.chain_id = bytes(answer.chain_id)
        self.node_id = bytes(answer.node_id)

    def __bool__(self) -> NoReturn:
        raise TypeError("a registration is no yes or no: it is one")


def _must(status: int, answer: Any) -> None:
    if status != 0:
        raise RegistrationError(status, answer.message.decode(errors="replace"), answer.may_pass)


def register_key(request: WorkloadKey) -> Registration:
    """Register a key with the enclave, which binds it into its evidence. Call it every few seconds with `boot`: an enclave that
    restarts has no keys. RegistrationError: it does not have the key."""
    if not isinstance(request, WorkloadKey):
        raise TypeError("expected WorkloadKey, not %s" % type(request).__name__)
    if isinstance(request.audiences, str):
        raise TypeError("audiences: expected a list of texts, not a text, which is one of letters")
    raised = []

    def sign(_: Any, message: Any, message_len: int, signature: Any, length: Any) -> bool:
        try:
            made = bytes(memoryview(request.sign(c.string_at(message, message_len))))
            if len(made) > _SIGNATURE_MAX:
                raise ValueError("sign: expected a signature of at most %d bytes, found %d" % (_SIGNATURE_MAX, len(made)))
        except BaseException as error:  # pylint: disable=broad-except # C has no exceptions: raised again below
            raised.append(error)
            return False
        c.memmove(signature, made, len(made))
        length[0] = len(made)
        return True

    named = [api.text_for(one, "audiences") for one in request.audiences]
    key, callback = api.Borrowed(request.key), api.SIGN(sign)
    given = api.WorkloadKey(
        socket_path=api.text_for(request.socket_path, "socket_path"), chain_id=api.digest_for(request.chain_id, "chain_id"),
        node_id=api.digest_for(request.node_id, "node_id"), purpose=api.number_of(request.purpose, c.c_int),
        name=api.text_for(request.name, "name"), audiences=(c.c_char_p * len(named))(*named), audience_count=len(named),
        key=c.addressof(key.buffer), key_len=len(key.value), sign=callback, boot=api.digest_for(request.boot, "boot"),
        timeout_ms=api.number_of(request.timeout_ms, c.c_uint32))
    answer = api.WorkloadKeyAnswer()
    status = api.keys_library().assay_workload_key_register(given, answer)
    if raised:
        raise raised[0]
    _must(status, answer)
    return Registration(answer)


def withdraw_key(socket_path: str, name: str, purpose: int = Purpose.TLS, timeout_ms: int = 0) -> bool:
    """End the registration of a key, as the user who registered it. Returns whether it was registered."""
    answer = api.WorkloadKeyAnswer()
    _must(api.keys_library().assay_workload_key_withdraw(
        api.text_for(socket_path, "socket_path"), api.number_of(purpose, c.c_int), api.text_for(name, "name"),
        api.number_of(timeout_ms, c.c_uint32), answer), answer)
    return bool(answer.is_new)
