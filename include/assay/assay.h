/*
 * include/assay/assay.h - public interface of libassay.
 *
 * It verifies the hardware evidence of trusted execution environments.
 *
 * Evidence in, verdict out: SGX and TDX quotes, AMD SEV-SNP reports, AWS Nitro documents, TPM 2.0
 * quotes, Azure paravisor composites, Arm CCA tokens. Nothing here opens a file, asks a server or
 * reads a clock: bytes and the time are arguments, and the same arguments give the same verdict.
 *
 *     struct assay_trust *trust;       roots that you trust, and what their vendors published
 *     struct assay_policy *policy;     what you accept (NULL: the default)
 *     struct assay_verifier *verifier; memory of platforms already seen (NULL: none)
 *     struct assay_verdict *verdict;   the answer, used again and again
 *
 * Ownership: `create` makes an object on the heap and `destroy` frees it, accepts NULL and sets the
 * pointer to NULL. Bytes given to a function are borrowed for the call only. Texts and bytes that a
 * getter returns belong to the verdict and hold until it is used for the next appraisal.
 *
 * Three channels. Distrust is a value: assay_verify returns ASSAY_OK and a verdict that says why.
 * A failure outside the library is an enum assay_status, never to be ignored. A bug of the
 * library itself aborts the process. A NULL where none is allowed gives ASSAY_E_INVALID.
 *
 * Threads: they share no state. A verifier and a verdict belong to one thread at a time; trust and
 * policy are only read by assay_verify and may be shared by any number of threads once they are
 * filled. Times are seconds since 1970-01-01T00:00:00Z.
 *
 * Structures that the caller fills or lets fill begin with `size`: set it to sizeof the structure
 * (`struct assay_finding why = { .size = sizeof why };`). A smaller one is refused: the functions
 * return ASSAY_E_INVALID or false. Later versions add members at the end and accept every size
 * since 1.0; of what a getter fills, `size` then says how much was. struct assay_bytes has none and
 * never changes.
 *
 * C11 and C++11. libassay(3) and docs/library.md tell the rest.
 */
#ifndef ASSAY_ASSAY_H
#define ASSAY_ASSAY_H

#include <assay/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- numbers; none is ever used again for something else */

#ifndef ASSAY_QUOTE_VERDICT_H /* INTERNAL */
/* Kinds of evidence. */
enum assay_evidence_kind {
    ASSAY_KIND_NONE = 0, /* as an argument: as the bytes say */
    ASSAY_KIND_SGX3 = 1,
    ASSAY_KIND_TDX4 = 2,
    ASSAY_KIND_SOFT = 3, /* software that plays hardware: profile development only */
    ASSAY_KIND_SGX4 = 4,
    ASSAY_KIND_SGX5 = 5,
    ASSAY_KIND_TDX5 = 6,
    ASSAY_KIND_SNP = 7,
    ASSAY_KIND_NITRO = 8,
    ASSAY_KIND_TPM = 9,
    ASSAY_KIND_VTPM_SNP = 10, /* a paravisor's TPM inside an SNP guest */
    ASSAY_KIND_VTPM_TDX = 11, /* the same inside a TD */
    ASSAY_KIND_CCA = 12,
    ASSAY_KIND_NITRO_TPM = 13,  /* the TPM of an AWS EC2 instance */
    ASSAY_KIND_NVIDIA_GPU = 14, /* Hopper, Blackwell */
    ASSAY_KIND_NVIDIA_SWITCH = 15
};

enum assay_genuine {
    ASSAY_GENUINE_UNKNOWN = 0, /* something that is needed to judge it is missing */
    ASSAY_GENUINE_TRUE = 1,
    ASSAY_GENUINE_FALSE = 2
};

/* The answer in one word (draft-ietf-rats-ar4si section 2.3.2). */
enum assay_tier {
    ASSAY_TIER_NONE = 0,           /* not judged */
    ASSAY_TIER_AFFIRMING = 1,      /* genuine, and it satisfies the policy */
    ASSAY_TIER_WARNING = 2,        /* accepted, with something to look at */
    ASSAY_TIER_CONTRAINDICATED = 3 /* not genuine, or refused */
};

/* Intel's TCB statuses; NONE for the other kinds and until one was computed. */
enum assay_tcb_status {
    ASSAY_TCB_NONE = 0,
    ASSAY_TCB_UP_TO_DATE = 1,
    ASSAY_TCB_SW_HARDENING_NEEDED = 2,
    ASSAY_TCB_CONFIGURATION_NEEDED = 3,
    ASSAY_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED = 4,
    ASSAY_TCB_OUT_OF_DATE = 5,
    ASSAY_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED = 6,
    ASSAY_TCB_TD_RELAUNCH_ADVISED = 7,
    ASSAY_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED = 8,
    ASSAY_TCB_REVOKED = 9,
    ASSAY_TCB_NOT_SUPPORTED = 10
};

/* What a reason does to the verdict, in falling order of precedence. */
enum assay_rule_class {
    ASSAY_RULE_FORGED,   /* not genuine */
    ASSAY_RULE_UNJUDGED, /* it cannot be said */
    ASSAY_RULE_REFUSED,  /* genuine, yet refused */
    ASSAY_RULE_OLD,      /* genuine, and too old for the policy */
    ASSAY_RULE_NOTE      /* a warning */
};

/* A link of the chain of proofs. */
enum assay_proof_state {
    ASSAY_PROOF_NOT_USED = 0,
    ASSAY_PROOF_UNKNOWN = 1, /* what is at hand cannot prove it */
    ASSAY_PROOF_TRUE = 2,
    ASSAY_PROOF_FALSE = 3
};
#endif /* INTERNAL */

#ifndef ASSAY_QUOTE_EVENTLOG_EVENTLOG_H /* INTERNAL */
/* Who writes an event log. */
enum assay_eventlog_form {
    ASSAY_EVENTLOG_TCG = 1, /* firmware: TCG2 on machines with a TPM, CCEL in a TD */
    ASSAY_EVENTLOG_IMA = 2  /* the kernel: binary_runtime_measurements */
};
#endif /* INTERNAL */

#ifndef ASSAY_QUOTE_EVENTLOG_APPRAISE_H /* INTERNAL */
/* A register after the events of the logs were replayed. */
enum assay_register_state {
    ASSAY_REGISTER_MATCHES = 1,
    ASSAY_REGISTER_DIFFERS = 2,
    ASSAY_REGISTER_NOT_QUOTED = 3,   /* the log extends it, and the evidence leaves it out */
    ASSAY_REGISTER_NOT_REPLAYED = 4, /* the log has no digests of the bank, or it is SHA-1 */
    ASSAY_REGISTER_NOT_LOGGED = 5    /* quoted, and no event of any log extends it */
};
#endif /* INTERNAL */

#ifndef ASSAY_QUOTE_VERIFY_H /* INTERNAL */
#define ASSAY_KIND_BIT(kind) (UINT32_C(1) << (unsigned)(kind))
#define ASSAY_KINDS_ALL      UINT32_MAX
#endif /* INTERNAL */

/* Borrowed bytes. */
struct assay_bytes {
    const uint8_t *bytes;
    size_t len;
};

/* --- texts. Each Returns: a static text, never NULL; "unknown" for numbers outside the list */
ASSAY_API const char *assay_version(void); /* of the library that runs: "0.1.0" */
/* Returns: ASSAY_VERSION_NUMBER of the library that runs: compare it with the header's. */
ASSAY_API int assay_version_number(void);
ASSAY_API const char *assay_name_of_kind(enum assay_evidence_kind kind);          /* "tdx-v4" */
ASSAY_API const char *assay_name_of_tier(enum assay_tier tier);                   /* "affirming" */
ASSAY_API const char *assay_name_of_tcb_status(enum assay_tcb_status status);     /* "UpToDate" */
ASSAY_API const char *assay_name_of_rule_class(enum assay_rule_class class_);     /* "forged" */
ASSAY_API const char *assay_name_of_eventlog_form(enum assay_eventlog_form form); /* "firmware" */
ASSAY_API const char *assay_name_of_register_state(enum assay_register_state state); /* "differs" */

/* --- verifier: what was proven about bytes already seen */
struct assay_verifier;

/* The most platforms that one verifier can be asked to remember. */
#define ASSAY_VERIFIER_PLATFORMS_MAX 16384

/*
 * assay_verifier_create - memory for up to `platforms` platforms, allocated here and nowhere else
 * but for decoded keys (2 KB each) and tables (assay_verifier_set_tables). When it is full the
 * platform used longest ago is forgotten. With and without a verifier every verdict is the same.
 * In:      platforms, 1 to ASSAY_VERIFIER_PLATFORMS_MAX
 * Out:     *verifier
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_MEMORY | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verifier_create(size_t platforms,
                                                                struct assay_verifier **verifier);
ASSAY_API void assay_verifier_destroy(struct assay_verifier **verifier);

/* Tables of a verifier until assay_verifier_set_tables changes that, and the most of them. */
#define ASSAY_VERIFIER_TABLES     32
#define ASSAY_VERIFIER_TABLES_MAX 1024
/*
 * assay_verifier_set_tables - precomputed multiples for the P-256 keys of the busiest platforms
 * (SGX, TDX, TPM): their quotes take half the time or less. A key gets its table after 1000 genuine
 * quotes; the call that makes it takes 20 ms longer, a table 152 KB. If all are in use, it replaces
 * one that was not used meanwhile. Verdicts are the same.
 * In:      tables, 0 (none; existing ones are freed) to ASSAY_VERIFIER_TABLES_MAX
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verifier_set_tables(struct assay_verifier *verifier,
                                                                    size_t tables);

/* Since create. */
struct assay_counters {
    size_t size;
    uint64_t hits; /* platforms found again: one signature was left to verify */
    uint64_t misses;
    uint64_t evictions;
    uint64_t platforms;    /* remembered now */
    uint64_t memory_bytes; /* held now, decoded keys and tables included */
};
/*
 * assay_verifier_get_counters - copies the counters; verifier may be NULL: all are 0.
 * Returns: ASSAY_OK | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verifier_get_counters(
    const struct assay_verifier *verifier, struct assay_counters *counters);

/* --- policy: what is accepted. From policy files: assay/policy.h */
struct assay_policy;

/*
 * assay_policy_create - the default: profile production, every kind and measurement, UpToDate and
 * SWHardeningNeeded affirming, what is out of date warning, revoked and debug refused.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_policy_create(struct assay_policy **policy);
/*
 * assay_policy_create_encoded - from its canonical CBOR, as a genesis carries it.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *          ASSAY_E_UNSUPPORTED | ASSAY_E_RANGE | ASSAY_E_INVALID | ASSAY_E_MEMORY
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_policy_create_encoded(const uint8_t *bytes,
                                                                      size_t len,
                                                                      struct assay_policy **policy);
/* SHA-256 of the canonical CBOR: the name of the policy. Returns: ASSAY_OK | ASSAY_E_INVALID */
ASSAY_API ASSAY_CHECKED enum assay_status assay_policy_get_digest(const struct assay_policy *policy,
                                                                  uint8_t digest[32]);
ASSAY_API void assay_policy_destroy(struct assay_policy **policy);

/* --- trust: root keys, and what their vendors published */
struct assay_trust;

/* The most files of one set, and the longest of them. */
#define ASSAY_FILES_MAX    32
#define ASSAY_FILE_LEN_MAX 262144

/* Nothing is trusted yet. Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_INVALID */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_create(struct assay_trust **trust);
/*
 * assay_trust_add_pinned - the vendors' roots that the library knows: Intel SGX and TDX; AMD Milan,
 * Genoa, Turin; AWS Nitro G1. (TPM vendors and Arm platforms have none: add theirs.)
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_INVALID | what assay_trust_add_collateral says
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_add_pinned(struct assay_trust *trust);
/*
 * assay_trust_add_root - trust one more root key for some kinds of evidence.
 * In:      bytes[len]: a certificate or a public key, PEM or DER, or a public key as a JSON web key
 *          (RFC 7517), as Arm platforms publish theirs; kinds: ASSAY_KIND_BIT(...) | ...
 * Returns: ASSAY_OK (also for a root that is there already) | ASSAY_E_FULL | ASSAY_E_INVALID (also
 *          a private key) | ASSAY_E_DUPLICATE (it is there for fewer kinds, or a member of the JSON
 *          object twice) | ASSAY_E_SYNTAX | ASSAY_E_TYPE | ASSAY_E_UNSUPPORTED | ASSAY_E_RANGE |
 *          ASSAY_E_NOT_FOUND (no certificate that could be a root) | ASSAY_E_MEMORY |
 *          ASSAY_E_CRYPTO
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_add_root(struct assay_trust *trust,
                                                               const uint8_t *bytes, size_t len,
                                                               uint32_t kinds);
/* The roots that a policy names. Returns: as assay_trust_add_pinned */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_add_policy_roots(
    struct assay_trust *trust, const struct assay_policy *policy);
/*
 * assay_trust_add_collateral - one set of files for one platform family of one vendor, recognised
 * by content, in any order: TCB info, QE identity (JSON), revocation lists and certificates (DER,
 * PEM, one or several in a file); of TPMs and paravisors also signature, PCR values, keys and
 * quotes. Bare evidence of other vendors than Intel is put together with them. It is the command
 * line's own code: the same files give the same verdict there.
 *
 * What a set holds beyond need changes nothing. What became of each piece, assay_trust_get_piece
 * tells. Signatures are checked here, once; what is wrong with a set is said by every verdict that
 * rests on it, and a revocation list that cannot be read is wrong: it may be the one that revokes.
 * Several sets may be added; where two serve one platform the one added first counts: make a new
 * trust for new collateral. Within a set the choice is that of docs/library.md.
 * In:      files[count], count up to ASSAY_FILES_MAX, each up to ASSAY_FILE_LEN_MAX
 * Returns: ASSAY_OK (also when something is missing or wrong: verdicts say so) | ASSAY_E_NOT_FOUND
 *          (none of them is of use) | ASSAY_E_FULL (more sets or pieces than fit) |
 *          ASSAY_E_RANGE | ASSAY_E_INVALID | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_add_collateral(
    struct assay_trust *trust, const struct assay_bytes *files, size_t count);
/* A piece of a set; the same thing twice is one. */
struct assay_trust_piece {
    size_t size;
    size_t set;       /* in the order in which they were added */
    size_t file;      /* of its files */
    const char *name; /* static text: "revocation list", "other bytes" */
    /*
     * ASSAY_OK: it can serve. ASSAY_E_NOT_FOUND: a certificate that leads to no root of this trust.
     * ASSAY_E_UNSUPPORTED of "other bytes": of no known kind. Else why it cannot be read, or
     * (ASSAY_E_KEY) that a TPM's key does not sign.
     */
    enum assay_status status;
};
/* Returns: how many pieces all sets hold. */
ASSAY_API size_t assay_trust_count_pieces(const struct assay_trust *trust);
/*
 * assay_trust_get_piece - what became of the index-th piece.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (there are no more) | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_get_piece(const struct assay_trust *trust,
                                                                size_t index,
                                                                struct assay_trust_piece *piece);
/*
 * assay_trust_set_exact - true: the collateral is meant for the very evidence that is verified, and
 * collateral of another platform is a mismatch (not genuine). false, the default: it is a pool, and
 * the right set is then missing (not judged).
 * Returns: ASSAY_OK | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_trust_set_exact(struct assay_trust *trust,
                                                                bool exact);
ASSAY_API void assay_trust_destroy(struct assay_trust **trust);

/* --- evidence */
struct assay_verdict;

/* The longest evidence that is judged: 32 KB, and 96 KB of devices that came with it. */
#define ASSAY_EVIDENCE_BYTES_MAX 131072

/*
 * assay_evidence_recognise - which kind the bytes say they are; nothing is verified.
 * Out:     *kind
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_UNSUPPORTED | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_evidence_recognise(const uint8_t *bytes, size_t len,
                                                                   enum assay_evidence_kind *kind);

/* Evidence that comes in pieces. Empty pieces are not there. */
struct assay_evidence_piece_list {
    size_t size;
    struct assay_bytes main; /* report; TPMS_ATTEST; quote */
    const struct assay_bytes
        *certificates;              /* DER or PEM: VEK, ASK; EK, AK; an external PCK chain */
    size_t certificate_count;       /* up to 8 */
    struct assay_bytes signature;   /* TPM: TPMT_SIGNATURE, raw RSA, or ECDSA in DER */
    struct assay_bytes pcrs;        /* TPM: the values, in the order of the selection */
    struct assay_bytes key;         /* TPM: the AK as TPM2B_PUBLIC or SubjectPublicKeyInfo (DER) */
    struct assay_bytes hardware;    /* paravisor: the HCL blob */
    struct assay_bytes activation;  /* of no kind: leave it empty */
    struct assay_bytes report_data; /* TPM: 64 bytes whose SHA-256 is the qualifying data */
    struct assay_bytes quote;       /* paravisor over TDX: the TD's quote */
};
/*
 * assay_evidence_pack - put pieces into one byte string that assay_verify takes; main bytes alone
 * stay as they are.
 * In:      pieces: bytes beyond the members that this version has must be zero
 * Out:     buffer[*len]
 * Returns: ASSAY_OK | ASSAY_E_FULL (capacity) | ASSAY_E_RANGE (too many certificates) |
 *          ASSAY_E_INVALID (no main bytes, or packed already; a piece of another kind, or one with
 *          a length and no bytes) | ASSAY_E_UNSUPPORTED (members of a later version are used)
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_evidence_pack(
    enum assay_evidence_kind kind, const struct assay_evidence_piece_list *pieces, uint8_t *buffer,
    size_t capacity, size_t *len);

/* --- devices of a processor: GPUs and switches whose reports come with its evidence */
#define ASSAY_DEVICE_CHALLENGE_BYTES 64
#define ASSAY_DEVICE_NONCE_BYTES     32

/* A report and its chain; all of an array have one size. */
struct assay_device_report {
    size_t size;
    enum assay_evidence_kind kind; /* ASSAY_KIND_NVIDIA_GPU, ASSAY_KIND_NVIDIA_SWITCH */
    struct assay_bytes report;
    const struct assay_bytes *certificates; /* DER, 1 to 8 */
    size_t certificate_count;
};
/*
 * assay_devices_get_nonce - the nonce that each device has to sign for this challenge: 64 bytes of
 * the verifier, zeros behind a shorter one.
 * Returns: ASSAY_OK | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_devices_get_nonce(
    const uint8_t challenge[ASSAY_DEVICE_CHALLENGE_BYTES], uint8_t nonce[ASSAY_DEVICE_NONCE_BYTES]);
/*
 * assay_devices_pack - reports of devices as one byte string, for assay_devices_attach.
 * In:      devices[count]: up to 8 GPUs, then up to 4 switches
 * Out:     buffer[*len], at most 96 KB; report_data: what the processor has to quote, so that its
 *          evidence commits to these reports; a verdict then has the challenge as report data
 * Returns: ASSAY_OK | ASSAY_E_INVALID (also: another order, another kind) | ASSAY_E_FULL (capacity,
 *          too many of a kind) | ASSAY_E_RANGE (a report or certificate too long, or none)
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_devices_pack(
    const uint8_t challenge[ASSAY_DEVICE_CHALLENGE_BYTES],
    const struct assay_device_report *devices, size_t count, uint8_t *buffer, size_t capacity,
    size_t *len, uint8_t report_data[ASSAY_DEVICE_CHALLENGE_BYTES]);
/* How devices stand in evidence. */
enum assay_devices_form {
    ASSAY_DEVICES_PLAIN = 0,
    /* As an LZ4 block: a quarter of the bytes, bounded with the processor's evidence by 32 KB. Only
     * policies with devices_packed (docs/configuration.md, section 4) accept it, and the default.
     */
    ASSAY_DEVICES_PACKED = 1
};
/*
 * assay_devices_attach - evidence of a processor and its devices as one byte string.
 * In:      evidence: as assay_verify takes it, over the report data of assay_devices_pack, which
 *          are the same for each form
 * Out:     buffer[*len], at most ASSAY_EVIDENCE_BYTES_MAX
 * Returns: ASSAY_OK | ASSAY_E_INVALID (also: a kind that takes no devices, evidence that has some
 *          already) | ASSAY_E_FULL (capacity) | ASSAY_E_RANGE (too long together) | ASSAY_E_MEMORY
 *          | statuses of evidence or devices that cannot be read
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_devices_attach(struct assay_bytes evidence,
                                                               struct assay_bytes devices,
                                                               enum assay_devices_form form,
                                                               uint8_t *buffer, size_t capacity,
                                                               size_t *len);

/* --- event logs: what firmware and kernel say that they measured. Nobody signed them: they explain
 * registers that evidence of a TPM or a TD quotes, and are worth what their replay is worth. */
struct assay_eventlog_report;

/* The most logs of one piece of evidence, and the longest of them. */
#define ASSAY_LOGS_MAX      4
#define ASSAY_LOG_BYTES_MAX 16777216

/* What assay_verify appraises. Zero is the default of every member but the first two. */
struct assay_verify_request {
    size_t size;
    const struct assay_trust *trust;   /* never NULL */
    struct assay_verifier *verifier;   /* NULL: nothing is remembered */
    const struct assay_policy *policy; /* NULL: the default */
    enum assay_evidence_kind kind;     /* ASSAY_KIND_NONE: as the bytes say */
    struct assay_bytes evidence; /* hostile; also in a certificate or wrapper (docs/evidence.md) */
    int64_t at_unix_s;
    /*
     * The challenge that the evidence must answer; NULL: none, and the verdict lists "freshness"
     * as not checked. Report data: 1 to 64 bytes, zeros follow. Nonce: 1 to 1024 bytes, compared
     * with the claim "nonce" (TPM, Nitro, NVIDIA). What answers another challenge, or none, is
     * contraindicated.
     */
    struct assay_bytes expected_report_data;
    struct assay_bytes expected_nonce;
    /* Event logs that came with it, and what was found in them. */
    const struct assay_bytes *logs;           /* hostile, recognised by content */
    size_t log_count;                         /* up to ASSAY_LOGS_MAX */
    struct assay_eventlog_report *log_report; /* filled; NULL: not wanted */
};
/*
 * assay_verify - appraise one piece of evidence. With logs, each quoted register that a log extends
 * must be what the replay gives, and events are what the policy says of them; what is wrong with a
 * log stands in the verdict.
 * In:      request: bytes beyond the members that this version has must be zero
 * Out:     *tier, always: the answer, ASSAY_TIER_NONE unless ASSAY_OK is returned. ASSAY_OK alone
 *          says that there is an answer, never that it is good
 *          *verdict: why; NULL: not wanted. Nothing of an earlier call is left in it; it is empty
 *          after ASSAY_E_INVALID, _RANGE and _UNSUPPORTED
 * Cost:    warm one signature; cold about six. No allocation of its own when warm, unless a set of
 *          Intel's documents leaves a choice (docs/library.md), a nonce is expected or verdict is
 *          NULL. Of logs at most eleven readings of each, with a hash an event
 * Returns: ASSAY_OK (the answer is the tier, also about malformed bytes) | ASSAY_E_INVALID |
 *          ASSAY_E_RANGE (too many logs; an expected value of another length) |
 *          ASSAY_E_UNSUPPORTED (members of a later version are used) | ASSAY_E_FULL (bare evidence
 *          and its pieces make too long a package) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verify(const struct assay_verify_request *request,
                                                       struct assay_verdict *verdict,
                                                       enum assay_tier *tier);

/*
 * assay_eventlog_report_create - what was found in logs, used again and again, as a verdict is.
 * Getters accept NULL, which is empty; so is the report on evidence that cannot be read.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_INVALID
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_eventlog_report_create(
    struct assay_eventlog_report **report);
ASSAY_API void assay_eventlog_report_destroy(struct assay_eventlog_report **report);

/* One log, in the order of the request. What is proven is so when the evidence is genuine. */
struct assay_log_outcome {
    size_t size;
    enum assay_eventlog_form form; /* 0: neither */
    enum assay_status status;      /* of reading it */
    bool judged;                   /* it was read, it fits, and it is the first of its form */
    uint64_t events;
    uint64_t later;        /* of IMA: measured after the quote, and not judged */
    uint64_t extending;    /* how many of the others extend a register that the evidence may have */
    uint64_t proven;       /* how many of those, one that is quoted as it is replayed */
    uint32_t rule;         /* the gravest against it and its events; 0: none */
    const char *rule_name; /* as of a finding; "" where there is none */
    const char *fix;
};
/* One register of one bank: those that a log extends or the policy names. */
struct assay_log_register {
    size_t size;
    const char *name; /* "rtmr1", "pcr4" */
    const char *bank; /* "sha256"; "" where it is not quoted */
    enum assay_register_state state;
    uint64_t events;
    struct assay_bytes quoted;   /* empty where it is not */
    struct assay_bytes replayed; /* the same */
};
/* An event that the policy has something against, or one that it requires and that is missing. */
struct assay_log_event {
    size_t size;
    uint32_t rule;
    const char *rule_name;
    const char *expected;
    const char *observed;
    const char *fix;
    enum assay_eventlog_form form; /* of its log */
    bool occurred;                 /* false: what follows is empty, but for the register */
    uint64_t index;                /* in its log, from 0 */
    uint32_t offset;               /* in bytes */
    uint32_t type;                 /* of TCG; of IMA 0xffff0a0a */
    const char *register_name;
    const char *text; /* the file, or data if it is text; untrusted */
    struct assay_bytes digest;
};
/* Each Returns: how many there are; false past the last one. At most 48 registers and 16 events are
 * kept; count_failed counts them all. */
ASSAY_API size_t assay_eventlog_report_count_logs(const struct assay_eventlog_report *report);
ASSAY_API bool assay_eventlog_report_get_log(const struct assay_eventlog_report *report,
                                             size_t index, struct assay_log_outcome *log);
ASSAY_API size_t assay_eventlog_report_count_registers(const struct assay_eventlog_report *report);
ASSAY_API bool assay_eventlog_report_get_register(const struct assay_eventlog_report *report,
                                                  size_t index,
                                                  struct assay_log_register *register_);
ASSAY_API uint64_t assay_eventlog_report_count_failed(const struct assay_eventlog_report *report);
ASSAY_API bool assay_eventlog_report_get_failed(const struct assay_eventlog_report *report,
                                                size_t index, struct assay_log_event *event);

/* --- verdict. Getters accept a NULL verdict, which is unknown, none and empty. */

/* Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_INVALID */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verdict_create(struct assay_verdict **verdict);
ASSAY_API void assay_verdict_destroy(struct assay_verdict **verdict);

/* The answer in one word; whether it is genuine at all; what it is. Each Returns: it */
ASSAY_API enum assay_tier assay_verdict_get_tier(const struct assay_verdict *verdict);
ASSAY_API enum assay_genuine assay_verdict_get_genuine(const struct assay_verdict *verdict);
ASSAY_API enum assay_evidence_kind assay_verdict_get_kind(const struct assay_verdict *verdict);
/* Of platform, quoting enclave and module together; of a TD 1.5 also at its launch and now.
 * Each Returns: the status */
ASSAY_API enum assay_tcb_status assay_verdict_get_tcb_status(const struct assay_verdict *verdict);
ASSAY_API enum assay_tcb_status assay_verdict_get_launch_status(
    const struct assay_verdict *verdict);
ASSAY_API enum assay_tcb_status assay_verdict_get_current_status(
    const struct assay_verdict *verdict);
/* Returns: true when it was appraised under profile development: it proves nothing then. */
ASSAY_API bool assay_verdict_is_insecure(const struct assay_verdict *verdict);
/* Returns: true when the TEE runs in debug mode. */
ASSAY_API bool assay_verdict_is_debug(const struct assay_verdict *verdict);

/* Times. Returns: false when there is none; *unix_s untouched. */
ASSAY_API bool assay_verdict_get_time(const struct assay_verdict *verdict, int64_t *unix_s);
/* Since when the TCB level is what it is. */
ASSAY_API bool assay_verdict_get_tcb_date(const struct assay_verdict *verdict, int64_t *unix_s);
/* Of a TD 1.5, whose launch the one above is of: the same by the module that runs now. */
ASSAY_API bool assay_verdict_get_current_tcb_date(const struct assay_verdict *verdict,
                                                  int64_t *unix_s);
/* The earliest end of anything that the verdict rests on: judge again until then. */
ASSAY_API bool assay_verdict_get_expiry(const struct assay_verdict *verdict, int64_t *unix_s);

/* What the evidence says; proven only when it is genuine. Returns: false when it could not be read;
 * *out untouched. */
ASSAY_API bool assay_verdict_get_report_data(const struct assay_verdict *verdict,
                                             struct assay_bytes *out); /* 64 bytes */
ASSAY_API bool assay_verdict_get_measurement(
    const struct assay_verdict *verdict, struct assay_bytes *out); /* MRENCLAVE, MRTD, RIM ... */

/* The machine. Returns: false when it is not known. */
ASSAY_API bool assay_verdict_get_platform(const struct assay_verdict *verdict,
                                          struct assay_bytes *platform_id, /* 32 bytes */
                                          struct assay_bytes *vendor_root, /* 32: SHA-256 of SPKI */
                                          bool *masked); /* the id names an instance only */
/*
 * The instance of a cloud, as the cloud names it: of AWS's documents, and of TPMs under a root to
 * which a policy gives attestation_keys of Google or Azure. What it does not name is empty and 0.
 */
struct assay_cloud_instance {
    size_t size;
    const char *id;
    const char *name;
    const char *project;
    const char *zone;
    uint64_t project_number;
};
/* Returns: false when it is of none; *instance untouched. */
ASSAY_API bool assay_verdict_get_instance(const struct assay_verdict *verdict,
                                          struct assay_cloud_instance *instance);

/* A device that came with the evidence, and what its own report is worth. What is wrong with it is
 * among the findings of the whole. */
struct assay_device_verdict {
    size_t size;
    enum assay_evidence_kind kind;
    enum assay_genuine genuine;
    enum assay_tier tier;
    uint32_t rule;       /* of its gravest finding; 0: none */
    const char *product; /* "GH100"; texts and bytes are the verdict's, and may be empty */
    const char *driver;
    const char *firmware;
    struct assay_bytes serial;      /* of the certificate of its key, zeros in front */
    struct assay_bytes platform_id; /* 32 bytes; of a genuine device */
    /* As the report of a GPU states it: "single", "multi", "protected-pcie", "unknown"; empty: a
     * switch. */
    const char *mode;
    /* What ends first of the certificates, OCSP responses and manifests of this device, and when:
     * judge it again until then. */
    bool has_expiry;
    int64_t expires_unix_s;
    const char *expires_first; /* empty without an expiry */
};
/*
 * assay_verdict_get_device - GPUs, then switches.
 * In:      device->size; without the members behind platform_id they are not written
 * Returns: false past the last one; *device untouched
 */
ASSAY_API bool assay_verdict_get_device(const struct assay_verdict *verdict, size_t index,
                                        struct assay_device_verdict *device);

/* Why. The gravest reason comes first; at most eight are kept. */
struct assay_finding {
    size_t size;
    uint32_t rule; /* number, never reused */
    enum assay_rule_class class_;
    uint32_t offset;      /* in the evidence, 0 when it is about no field of it */
    const char *name;     /* for machines: "quote-signature" */
    const char *text;     /* for people */
    const char *expected; /* may be empty */
    const char *observed;
    const char *fix; /* what to do */
};
/* Returns: how many there are. */
ASSAY_API size_t assay_verdict_count_findings(const struct assay_verdict *verdict);
/* Returns: false past the last one. */
ASSAY_API bool assay_verdict_get_finding(const struct assay_verdict *verdict, size_t index,
                                         struct assay_finding *finding);

/* Open advisories, sorted. Returns: how many; the name, NULL past the last one. */
ASSAY_API size_t assay_verdict_count_advisories(const struct assay_verdict *verdict);
ASSAY_API const char *assay_verdict_get_advisory(const struct assay_verdict *verdict, size_t index);
/* Of a TD 1.5: those open by the module that runs now. Returns: as the two above. */
ASSAY_API size_t assay_verdict_count_current_advisories(const struct assay_verdict *verdict);
ASSAY_API const char *assay_verdict_get_current_advisory(const struct assay_verdict *verdict,
                                                         size_t index);

/*
 * The links of the chain of proofs that this kind uses: "quote_signature_ok", ...
 * Returns: false past the last one.
 */
ASSAY_API bool assay_verdict_get_link(const struct assay_verdict *verdict, size_t index,
                                      const char **name, enum assay_proof_state *state);

/* What a verdict does not cover, as `not_checked` of `assay evidence verify`. */
struct assay_unchecked {
    size_t size;
    const char *what; /* one word: freshness, policy, program, revocation, proof; of certificates
                         and tokens of a network also possession, network, era, age, name */
    const char *why;  /* and how to have it checked */
};
/*
 * assay_verdict_get_unchecked - the index-th thing that was not checked; "freshness" unless a
 * challenge was expected. None of evidence that could not be read.
 * Returns: false past the last one; *unchecked untouched
 */
ASSAY_API bool assay_verdict_get_unchecked(const struct assay_verdict *verdict, size_t index,
                                           struct assay_unchecked *unchecked);

/* --- claims: what the evidence says, field by field, as `assay evidence decode` prints it. Proven
 * only when the evidence is genuine. */

#ifndef ASSAY_QUOTE_RESULT_CLAIMS_H /* INTERNAL */
enum assay_claim_type {
    ASSAY_CLAIM_NULL = 0, /* the kind has it, this evidence does not */
    ASSAY_CLAIM_BOOL = 1,
    ASSAY_CLAIM_UINT = 2,
    ASSAY_CLAIM_TEXT = 3,
    ASSAY_CLAIM_BYTES = 4,
    ASSAY_CLAIM_LIST = 5, /* its members follow: "spki_sha256.0", "spki_sha256.1" */
    ASSAY_CLAIM_MAP = 6   /* the same: "pck_config.smt_enabled" */
};
#endif /* INTERNAL */
/* One claim. The pointers hold until the verdict is used again or destroyed. */
struct assay_claim_value {
    size_t size;
    const char *name; /* complete: "rtmr3", "software_components.0.measurement" */
    enum assay_claim_type type;
    uint64_t number;          /* of UINT; of BOOL 0 or 1; of LIST and MAP: how many members */
    struct assay_bytes bytes; /* of BYTES; of TEXT: UTF-8 as the evidence has it, so hostile, with a
                               * NUL behind it that is not counted */
};
/*
 * assay_verdict_get_claim - the claim of a name, and the index-th one. Those of a kind are what
 * `assay evidence decode --json` prints (docs/library.md). Evidence is parsed with the first call
 * after an appraisal.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no such claim, past the last one; evidence that cannot be
 *          read has none) | ASSAY_E_INVALID | ASSAY_E_MEMORY | ASSAY_E_CRYPTO | ASSAY_E_FULL (more
 *          claims than a verdict has room for: none is returned; of no kind of this version)
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verdict_get_claim(
    const struct assay_verdict *verdict, const char *name, struct assay_claim_value *claim);
ASSAY_API ASSAY_CHECKED enum assay_status assay_verdict_get_claim_at(
    const struct assay_verdict *verdict, size_t index, struct assay_claim_value *claim);
/* "bytes", ... Returns: never NULL. */
ASSAY_API const char *assay_name_of_claim_type(enum assay_claim_type type);

/* Claims of AR4SI, in the order of their labels. */
enum assay_ar4si_label {
    ASSAY_AR4SI_INSTANCE_IDENTITY = 0,
    ASSAY_AR4SI_CONFIGURATION = 1,
    ASSAY_AR4SI_EXECUTABLES = 2,
    ASSAY_AR4SI_FILE_SYSTEM = 3,
    ASSAY_AR4SI_HARDWARE = 4,
    ASSAY_AR4SI_RUNTIME_OPAQUE = 5,
    ASSAY_AR4SI_STORAGE_OPAQUE = 6,
    ASSAY_AR4SI_SOURCED_DATA = 7
};
/*
 * assay_verdict_get_trust_vector - the verdict as eight AR4SI claims.
 * In:      policy: the one of the appraisal; NULL: the default
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no appraisal was made with this verdict)
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verdict_get_trust_vector(
    const struct assay_verdict *verdict, const struct assay_policy *policy, int8_t vector[8]);
/* How an attestation result is written. */
enum assay_ear_form {
    ASSAY_EAR_FORM_JSON = 0, /* claims alone, to be signed elsewhere */
    ASSAY_EAR_FORM_CBOR = 1,
    ASSAY_EAR_FORM_JWT = 2, /* signed with ES256 */
    ASSAY_EAR_FORM_CWT = 3
};
/* The longest attestation result, in bytes. */
#define ASSAY_EAR_BYTES_MAX 49664
struct assay_ear_request {
    size_t size;
    const struct assay_policy *policy; /* the one of the appraisal; NULL: the default */
    const char *profile;               /* "ietf-04", or "veraison-2023" (JSON and JWT alone) */
    const char *developer;             /* these two name your verifier: up to 128 bytes each */
    const char *build;
    const char *nonce; /* to echo: 8 to 88 printable characters, in CBOR up to 64; NULL: none */
    uint8_t evidence_digest[32]; /* SHA-256 of the evidence */
    enum assay_ear_form form;
    int64_t expires_unix_s; /* `exp` at the latest; 0: when the verdict ends */
    /* --- JWT and CWT: one of the two */
    const uint8_t *private_key; /* 32 bytes: the scalar of a P-256 key */
    /* Signs with ECDSA over a digest: r and s, 32 bytes each. Returns: false when it cannot. */
    bool (*sign)(void *context, const uint8_t digest[32], uint8_t signature[64]);
    void *sign_context;
    const uint8_t *public_key; /* with sign: 65 bytes, the uncompressed point */
};
/*
 * assay_verdict_write_ear - the verdict as an EAT attestation result (draft-ietf-rats-ear-04).
 * In:      request: bytes beyond the members that this version has must be zero
 * Out:     buffer[*len], without a NUL
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no appraisal was made with this verdict; a key without a
 *          signed form, or none with one) | ASSAY_E_NOT_FOUND (profile) | ASSAY_E_UNSUPPORTED (CBOR
 *          of that profile; members of a later version are used) | ASSAY_E_RANGE (nonce; a name too
 *          long; a time before 1970 or after 9999; an end before the appraisal) | ASSAY_E_KEY (no
 *          key of P-256; a signature that its public key does not verify) | ASSAY_E_FULL
 *          (ASSAY_EAR_BYTES_MAX always suffice) | ASSAY_E_CRYPTO (sign returned false) |
 *          ASSAY_E_MEMORY
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_verdict_write_ear(
    const struct assay_verdict *verdict, const struct assay_ear_request *request, void *buffer,
    size_t capacity, size_t *len);

#ifdef __cplusplus
}
#endif

#include <assay/identity.h>
#include <assay/result.h>
#endif
