/*
 * include/assay/continuity.h - libassay-continuity: rollback protection of an enclave's state
 * (docs/services.md 1, 4.4; docs/library.md).
 *
 * An instance is one state with its history. Each new state is sealed into a folder, its digest is
 * written to a group of replicas, and it is certified when a quorum has it. A program that starts
 * adopts the state that was certified last, or none: an older folder is refused, and of two copies
 * only the newer session goes on. The host supplies the folder, the socket and the network, and is
 * trusted with none of them.
 *
 * Rules for the program: release no output of a state before it is certified (assay_continuity_wait
 * or _save), and no read before assay_continuity_confirm. After FENCED or ROLLBACK it ends.
 *
 * A handle is used by one thread at a time, and after fork() by one of the two processes. There are
 * no threads of its own, except while the name of a replica's address is resolved, and no signal is
 * raised or handled. It has outgoing connections alone.
 */
#ifndef ASSAY_CONTINUITY_H
#define ASSAY_CONTINUITY_H

#include <assay/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The numbers are never used again. */
enum assay_continuity_result {
    ASSAY_CONTINUITY_OK = 0,
    ASSAY_CONTINUITY_IN_DOUBT = 1,  /* not yet; it may still be certified: call again */
    ASSAY_CONTINUITY_FENCED = 2,    /* a newer session of the instance runs */
    ASSAY_CONTINUITY_ROLLBACK = 3,  /* the folder does not have the last certified state */
    ASSAY_CONTINUITY_HALTED = 4,    /* a quorum of the group's replicas has lost its memory */
    ASSAY_CONTINUITY_NOT_KEPT = 5,  /* the ledger has removed the instance, as its lease expired */
    ASSAY_CONTINUITY_RETIRED = 6,   /* the instance was retired by its own key */
    ASSAY_CONTINUITY_FULL = 7,      /* 4,096 states wait to be certified */
    ASSAY_CONTINUITY_TOO_EARLY = 8, /* no session runs: assay_continuity_start comes first */
    /* The ledger numbers no session. */
    ASSAY_CONTINUITY_NO_ROOM = 9,    /* the group has no room for another instance */
    ASSAY_CONTINUITY_QUOTA = 10,     /* the daemon's member has as many instances as it may */
    ASSAY_CONTINUITY_CLONES = 11,    /* too many sessions of this instance in this epoch */
    ASSAY_CONTINUITY_SUSPENDED = 12, /* the daemon's member has too low a standing */
    ASSAY_CONTINUITY_REFUSED = 13,   /* for another reason: assay_continuity_reason */
    /* Trust. */
    ASSAY_CONTINUITY_OTHER_CHAIN = 14,   /* folder, checkpoint and daemon are of different chains */
    ASSAY_CONTINUITY_NO_PROOF = 15,      /* no hand-over leads to the view that serves */
    ASSAY_CONTINUITY_OTHER_ERA = 16,     /* operators have restarted the ledger (RECOVER) */
    ASSAY_CONTINUITY_TRUST_EXPIRED = 17, /* the trusted checkpoint is too old */
    ASSAY_CONTINUITY_NOT_OWNER = 18,     /* a later checkpoint that the owner has not signed */
    /* The folder. */
    ASSAY_CONTINUITY_NO_INSTANCE = 19, /* there is none in the folder */
    ASSAY_CONTINUITY_EXISTS = 20,      /* the folder has an instance */
    ASSAY_CONTINUITY_SEALED = 21,      /* a file was changed, or is of another key or program */
    ASSAY_CONTINUITY_STORAGE = 22,     /* a file cannot be read or written: reason */
    ASSAY_CONTINUITY_TOO_LARGE = 23,   /* a state above state_max; a key or value of assay/kv.h */
    ASSAY_CONTINUITY_MISUSE = 24,      /* an argument that cannot be: reason */
    ASSAY_CONTINUITY_SYSTEM = 25       /* memory, descriptors, random numbers or cryptography */
};

/* Each Returns: a static text, never NULL: "FENCED"; what it means, and what to do. */
ASSAY_API const char *assay_continuity_name(enum assay_continuity_result result);
ASSAY_API const char *assay_continuity_describe(enum assay_continuity_result result);

#define ASSAY_CONTINUITY_KEY_LEN       32
#define ASSAY_CONTINUITY_OWNER_LEN     64
#define ASSAY_CONTINUITY_SIGNATURE_LEN 64
#define ASSAY_CONTINUITY_RECEIPT_MAX   3072

/* Zero is a default for each member after `key`. Everything is copied. */
struct assay_continuity_options {
    size_t size;        /* sizeof(struct assay_continuity_options) */
    const char *daemon; /* listen.services of assayd: a folder, or the socket of the group itself */
    uint32_t group;     /* its number in the network's plan, below 8 */
    /* Folder of the instance, for one program alone. Create makes it, with mode 0700; one that is
     * there stays as it is. */
    const char *folder;
    /* Where trust starts: a checkpoint (`assay checkpoint`), measured with the program or received
     * from its owner, never from the host. It pins the chain: a folder or a daemon of another one
     * is refused. */
    const uint8_t *checkpoint;
    size_t checkpoint_len;
    /* Seals the files (XChaCha20-Poly1305): 32 bytes that the host cannot learn, the same at each
     * start: a sealing key of the TEE, or one that the owner provisions. Of several instances that
     * were created with one key the host chooses which one is opened: use a key for one instance,
     * or compare `instance` of the status. */
    const uint8_t *key;
    size_t state_max; /* bytes of a state; 0: 16 MiB. At most 1 GiB */
    /* P-256 key (x | y) that may sign a later checkpoint; NULL: none may. */
    const uint8_t *owner;
    /* Such a checkpoint with its signature (r | s): to go on after OTHER_ERA, TRUST_EXPIRED or
     * NO_PROOF. NULL: none */
    const uint8_t *later;
    size_t later_len;
    const uint8_t *later_signature;
    /* Of a new instance: epochs that the ledger retains it without a session or a newer state; 0:
     * until it retires. */
    uint32_t lease;
    uint32_t handover_ms; /* how long a hand-over is looked for before NO_PROOF; 0: a minute */
};

struct assay_continuity;

/*
 * assay_continuity_create - prepares a new instance, whose first state does not exist yet. Nothing
 * is sent, and nothing is written but the folder.
 *
 * The owner decides that a program may do so, by what it measures or provisions: for a program that
 * creates whenever the folder is empty, a host that empties the folder has undone every state.
 * In:      options: bytes beyond the members that this version has must be zero
 * Out:     *out: a handle, also of a failure, for assay_continuity_reason; NULL without memory.
 *          The caller closes it
 * Returns: OK | EXISTS | OTHER_CHAIN | NOT_OWNER | STORAGE | MISUSE | SYSTEM
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_create(
    const struct assay_continuity_options *options, struct assay_continuity **out);
/* Prepares a session of the instance in the folder. Out: as create. Returns: OK | NO_INSTANCE |
 * SEALED | OTHER_CHAIN | NOT_OWNER | STORAGE | MISUSE | SYSTEM */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_open(
    const struct assay_continuity_options *options, struct assay_continuity **out);
/* Ends the session. What is in flight may still be certified. Accepts a pointer to NULL; sets it to
 * NULL. */
ASSAY_API void assay_continuity_close(struct assay_continuity **handle);

/*
 * assay_continuity_start - starts a session: the ledger numbers it, a quorum of replicas names the
 * state that was certified last, and the folder's is adopted if it is that one. A start takes a
 * round trip to the replicas and up to an epoch of the network.
 * In:      timeout_ms: at most 86400000; 0: what can be done without waiting. It limits the wait
 *          for the network, and not what files take
 * Returns: OK (assay_continuity_state has the state; updates are accepted) | IN_DOUBT (call again)
 *          | FENCED | ROLLBACK | HALTED | NOT_KEPT | RETIRED | NO_ROOM, QUOTA, CLONES, SUSPENDED,
 *          REFUSED (the ledger is asked again when called again) | OTHER_CHAIN | NO_PROOF |
 *          OTHER_ERA | TRUST_EXPIRED | EXISTS (the folder has another instance since)
 *          | SEALED | STORAGE | MISUSE | SYSTEM
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_start(
    struct assay_continuity *handle, uint32_t timeout_ms);
/*
 * assay_continuity_state - the state that the session has adopted or that was given last.
 * Out:     *len, *index (either may be NULL): its length and index; 0 and 0 before the first state
 * Returns: its bytes, aligned for any type, borrowed until the next state is given or the handle is
 *          closed; NULL of an empty state, before the first one, and before start
 */
ASSAY_API const void *assay_continuity_state(const struct assay_continuity *handle, size_t *len,
                                             uint64_t *index);
/*
 * assay_continuity_update - the next state: sealed and durable in the folder when it returns, then
 * sent. It does not wait for replicas; 4,096 may be in flight.
 * Out:     *index (may be NULL) of the state, on OK
 * Returns: OK | FULL | FENCED | HALTED | NOT_KEPT | RETIRED | TOO_EARLY | STORAGE (nothing was
 *          sent: the same state may be given again) | TOO_LARGE | MISUSE | SYSTEM
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_update(
    struct assay_continuity *handle, const void *state, size_t len, uint64_t *index);
/* Waits until a state is certified: its output may be released. Of the first state of an instance a
 * closed epoch must prove as well that the ledger retains the instance. Returns: OK | IN_DOUBT
 * (call again; release nothing) | FENCED | HALTED | NOT_KEPT | RETIRED | NO_PROOF | TOO_EARLY |
 * MISUSE (no such state was given) | SYSTEM */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_wait(
    struct assay_continuity *handle, uint64_t index, uint32_t timeout_ms);
/* Update, then wait. Returns: as both. After IN_DOUBT the state is in flight: wait for it again,
 * and do not give it again. */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_save(
    struct assay_continuity *handle, const void *state, size_t len, uint32_t timeout_ms);
/* A quorum confirms that this session is the newest one: what was read before the call may be
 * released. Each call makes a request of its own, so with a timeout below a round trip to the
 * replicas it is always IN_DOUBT, also in an event loop. Returns: OK | IN_DOUBT | FENCED | HALTED |
 * NOT_KEPT | RETIRED | NO_PROOF | TOO_EARLY | MISUSE | SYSTEM */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_confirm(
    struct assay_continuity *handle, uint32_t timeout_ms);
/*
 * assay_continuity_receipt - signatures of a quorum over the last certified state, for a relying
 * party (docs/services.md 1.8).
 * In:      nonce: 32 bytes of the relying party; capacity: ASSAY_CONTINUITY_RECEIPT_MAX suffices
 * Out:     receipt[*len] on OK
 * Returns: OK | IN_DOUBT (call again with the same nonce) | FENCED | HALTED | NOT_KEPT | RETIRED |
 *          NO_PROOF | TOO_EARLY (also: nothing is certified yet) | MISUSE | SYSTEM
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_receipt(
    struct assay_continuity *handle, const uint8_t *nonce, uint8_t *receipt, size_t capacity,
    size_t *len, uint32_t timeout_ms);
/* Retires the instance permanently: it leaves the ledger, and no session of it starts again. The
 * folder stays. Returns: OK (a closed epoch proves it) | IN_DOUBT (call again) | FENCED | HALTED |
 * NOT_KEPT | RETIRED (before) | NO_PROOF | TOO_EARLY | MISUSE | SYSTEM */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_retire(
    struct assay_continuity *handle, uint32_t timeout_ms);

/* --- event loops: when the descriptor is readable, or after so many milliseconds,
 * assay_continuity_step(handle, 0) has something to do */

/* Sends and receives for up to timeout_ms. Between calls nothing happens, so a program calls it, or
 * another function that waits, within some seconds. Returns: OK | FENCED | ROLLBACK |
 * HALTED | NOT_KEPT | RETIRED | OTHER_CHAIN | MISUSE | SYSTEM */
ASSAY_API ASSAY_CHECKED enum assay_continuity_result assay_continuity_step(
    struct assay_continuity *handle, uint32_t timeout_ms);
/* Returns: the descriptor to poll for input, owned by the handle; -1 of a handle whose create or
 * open failed. */
ASSAY_API int assay_continuity_fd(const struct assay_continuity *handle);
/* Returns: milliseconds, at most 60000. */
ASSAY_API int assay_continuity_timeout_ms(const struct assay_continuity *handle);

struct assay_continuity_status {
    size_t size;
    uint8_t chain_id[32];
    uint8_t instance[32]; /* its name in the ledger; zeros before the first start of all */
    uint64_t session;     /* 0: none yet */
    uint64_t view;        /* of the group */
    uint64_t given;       /* index of the newest state; after ROLLBACK the folder's newest */
    uint64_t certified;   /* index; after ROLLBACK of the state that the folder does not have */
    uint8_t certified_digest[32];
    uint8_t given_digest[32]; /* zeros of index 0 */
};
/* Out: *status. Returns: ASSAY_OK | ASSAY_E_INVALID (NULL, or a size below the structure's) */
ASSAY_API ASSAY_CHECKED enum assay_status assay_continuity_get_status(
    const struct assay_continuity *handle, struct assay_continuity_status *status);
/* Returns: why the last call did not return OK, with what was expected and found; "" without a
 * reason; valid until the next call. Accepts NULL. */
ASSAY_API const char *assay_continuity_reason(const struct assay_continuity *handle);

/* --- relying parties: a receipt verified offline, without a handle (docs/services.md 1.8.1) */

#define ASSAY_CONTINUITY_EVIDENCE_MAX       344064
#define ASSAY_CONTINUITY_RECEIPT_REASON_LEN 256

/* Why a receipt is refused, in the order of the checks. The numbers are never used again. */
enum assay_continuity_receipt_answer {
    ASSAY_CONTINUITY_RECEIPT_VERIFIED = 0,
    ASSAY_CONTINUITY_RECEIPT_MISUSE = 1,         /* an argument that cannot be */
    ASSAY_CONTINUITY_RECEIPT_BAD_CHECKPOINT = 2, /* the checkpoint cannot be read */
    ASSAY_CONTINUITY_RECEIPT_NOT_READ = 3,       /* truncated, changed, or no receipt */
    ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE = 4,   /* truncated, changed, or no evidence */
    ASSAY_CONTINUITY_RECEIPT_OTHER_CHAIN = 5,    /* of another network than the checkpoint */
    ASSAY_CONTINUITY_RECEIPT_OTHER_NONCE = 6,    /* the answer to another request */
    ASSAY_CONTINUITY_RECEIPT_OTHER_INSTANCE = 7, /* of another instance than expected */
    ASSAY_CONTINUITY_RECEIPT_OTHER_GROUP = 8,    /* the evidence is of another group */
    ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN = 9,     /* the evidence does not follow from the
                                                  * checkpoint */
    ASSAY_CONTINUITY_RECEIPT_EXPIRED = 10,       /* the evidence is too old, or ahead of
                                                  * the clock */
    ASSAY_CONTINUITY_RECEIPT_OTHER_VIEW = 11,    /* of another view than the evidence */
    ASSAY_CONTINUITY_RECEIPT_TOO_FEW = 12,       /* fewer signatures than a quorum */
    ASSAY_CONTINUITY_RECEIPT_FORGED = 13,        /* a signature is not of the replica in its seat */
    ASSAY_CONTINUITY_RECEIPT_SYSTEM = 14         /* memory, or the cryptographic library failed */
};
/* Each Returns: a static text, never NULL: "OTHER_VIEW"; what it means, and what to do. */
ASSAY_API const char *assay_continuity_receipt_name(enum assay_continuity_receipt_answer answer);
ASSAY_API const char *assay_continuity_receipt_describe(
    enum assay_continuity_receipt_answer answer);

/* Zero is a default for each member after `receipt_len`. Nothing is kept. */
struct assay_continuity_receipt_input {
    size_t size;               /* sizeof(struct assay_continuity_receipt_input) */
    const uint8_t *checkpoint; /* trusted: of `assay checkpoint`, never from the host */
    size_t checkpoint_len;
    /* Public and hostile: what `assay continuity show INSTANCE --out` of any node writes while the
     * view of the receipt serves. It has the keys of the view, and leads to the checkpoint while
     * the voters are those of the checkpoint; otherwise a newer one is needed (`assay checkpoint
     * --since`). At most ASSAY_CONTINUITY_EVIDENCE_MAX */
    const uint8_t *evidence;
    size_t evidence_len;
    const uint8_t *receipt; /* hostile; at most ASSAY_CONTINUITY_RECEIPT_MAX */
    size_t receipt_len;
    const uint8_t *nonce;    /* [32] of this request; NULL: any, so the receipt may be of any age */
    const uint8_t *instance; /* [32] expected; NULL: any */
    uint64_t now_ms;         /* Unix ms of a clock that is trusted; 0: none, so age_known is 0 */
    uint32_t max_age_s;      /* of the evidence; 0: the trusting period of the checkpoint alone */
};

struct assay_continuity_receipt_claims {
    size_t size;
    uint8_t chain_id[32];
    uint8_t instance[32];
    uint8_t nonce[32];
    uint8_t digest[32]; /* of the state: certified_digest of the status; zeros of index 0 */
    uint64_t index;     /* of the state; 0: none was certified yet */
    uint64_t session;   /* that wrote it */
    uint64_t promised;  /* newest session that the signers serve: above `session` while it starts */
    uint64_t view;
    uint64_t epoch; /* of the evidence: the view served after its close */
    uint64_t time_ms;
    uint32_t era;
    uint32_t group;
    uint32_t signers, seats;
    uint8_t age_known;
    uint8_t is_listed;  /* the ledger had the instance after that epoch */
    uint8_t is_kept;    /* and keeps it for good */
    uint8_t is_retired; /* by its own key */
    uint8_t is_halted;  /* the group had lost a quorum of its memories */
    char reason[ASSAY_CONTINUITY_RECEIPT_REASON_LEN]; /* of a refusal: expected and found */
};

/*
 * assay_continuity_receipt_verify - verifies a receipt (assay_continuity_receipt) offline.
 *
 * It proves that a quorum of the replicas of `view` had this entry when they signed: the state was
 * certified. With the party's own fresh nonce it proves that nothing newer was certified when the
 * nonce was made. It does not prove what was certified since, nor which program runs (that is what
 * evidence of the TEE is for), and rests on the replicas being honest (docs/services.md 3).
 * In:      input: bytes beyond the members that this version has must be zero; claims->size
 * Out:     *claims: on a refusal the reason alone, all other members but size are zero
 * Returns: VERIFIED | the refusal
 * Cost:    one signature for each vote of the evidence and each signer; no memory is allocated by
 *          a size that was received
 */
ASSAY_API ASSAY_CHECKED enum assay_continuity_receipt_answer assay_continuity_receipt_verify(
    const struct assay_continuity_receipt_input *input,
    struct assay_continuity_receipt_claims *claims);

#ifdef __cplusplus
}
#endif
#endif
