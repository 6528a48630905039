/*
 * apps/assay/identity/identity_fetch.h - state of `assay identity fetch`, shared by the files that
 * implement it:
 *
 *   identity_fetch.c   options, the key
 *   identity_certificate.c  certificates
 *   identity_watch.c   requests, renewal, reports of failures
 *   identity_hook.c    the hook
 *   identity_trust.c   CA certificates and keys of tokens: of a file, or proven from a checkpoint
 *   identity_token.c   tokens
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_FETCH_H
#define ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_FETCH_H

#include "apps/assay/identity/identity_key.h"
#include "apps/assay/identity/identity_source.h"
#include "net/keys/registration/registration_client.h"
#include "quote/result/svid/svid.h"

enum {
    CLI_IDENTITY_SKEW_S = 300,
    CLI_IDENTITY_CA_FILE_MAX = 128 * 1024,
    CLI_IDENTITY_NODES_MAX = 8
};

enum { CLI_IDENTITY_FAULT_LEN = 1024 };

/* What was printed of a node that does not serve. */
struct cli_identity_node_report {
    uint64_t at_ms; /* monotonic */
    char why[CLI_IDENTITY_FAULT_LEN];
};

/* Failures: of the node that is requested; of --watch since the newest set, and the hook's. */
struct cli_identity_report {
    /* Of the newest request: node and reason, if the node is why. */
    char node_fault[CLI_IDENTITY_FAULT_LEN];
    struct cli_identity_node_report node[CLI_IDENTITY_NODES_MAX];
    bool has_failed, has_expired; /* reported so */
    uint64_t failed_ms;           /* monotonic: of the newest report */
    int64_t not_after_s;          /* of the newest set; 0: none in this run */
    char why[512];                /* the newest failure */
    uint64_t hook_retry_s, hook_due_ms;
};

struct cli_identity_fetch {
    const char *dir, *key_name, *token_name, *audience, *ca, *enclave, *member, *key_file, *chain;
    const char *checkpoint, *hook;
    const char *http[CLI_IDENTITY_NODES_MAX]; /* NULL: the admin socket */
    size_t http_count;
    struct cli_identity_node node; /* the one that is requested now */
    uint64_t wait_s, hook_s;
    bool is_watching, accepts_insecure, json, has_key;
    /* --- */
    const char *name;  /* key_name or token_name */
    size_t http_index; /* of node */
    struct cli_identity_report *report;
    struct cli_identity_key key;
    struct assay_registration_client *registration; /* NULL: of --member */
    uint8_t chain_id[32], node_id[32];
    struct assay_svid *svid; /* of the newest certificate or token */
    struct cli_identity_issued issued;
};

/* What certificates and tokens are verified by. Slices borrow from `bytes`. */
struct cli_identity_trust {
    uint8_t *bytes;            /* freed by the caller */
    const char *from;          /* the file that it rests on */
    struct assay_slice ca;     /* PEM, or of --ca a SPIFFE bundle */
    struct assay_slice bundle; /* proven: the SPIFFE bundle; else empty */
    struct assay_slice jwks;   /* proven: keys of tokens; else empty */
    struct assay_slice cross;  /* proven: certificates of numbers by the one before; or empty */
    char issuer[ASSAY_SVID_ISSUER_MAX + 1];
};

/* Reports an error. Returns: exit */
__attribute__((format(printf, 3, 4))) int cli_identity_fail(const struct cli_identity_fetch *f,
                                                            int exit, const char *format, ...);
/* A failure of the node that was requested: another one may serve. Not printed, but stored in
 * report->node_fault, after the node's address. Returns: exit */
__attribute__((format(printf, 3, 4))) int cli_identity_fail_node(const struct cli_identity_fetch *f,
                                                                 int exit, const char *format, ...);
/* In the place of cli_identity_trust_prove where --ca names a file. Returns: as below */
int cli_identity_trust_read(const struct cli_identity_fetch *f, struct cli_identity_trust *trust);
/* The certificate authority, proven from the newest of --checkpoint and DIR/checkpoint, which then
 * has the newest epoch. Returns: an enum assay_exit; trust->bytes is set in any case */
int cli_identity_trust_prove(const struct cli_identity_fetch *f, struct cli_identity_trust *trust);
/* Verifies f->issued as a token and stores it as DIR/token; one that is over or older than a valid
 * one in place replaces nothing. Out: *is_new: it was not there; f->svid: of what is in place.
 * Returns: an enum assay_exit */
int cli_identity_use_token(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                           bool *is_new);

/* Is f->svid over, by this machine's date? In: what: "certificate". Returns: an enum assay_exit */
int cli_identity_check_expiry(const struct cli_identity_fetch *f, const char *what);
/* Both verify. Returns: whether what is in place stays: a later epoch, or the same serial. */
bool cli_identity_stays(const struct assay_svid *placed, const struct assay_svid *issued);
/* As cli_identity_use_token: f->issued as a certificate, into a new folder of DIR. */
int cli_identity_use_certificate(struct cli_identity_fetch *f,
                                 const struct cli_identity_trust *trust, bool *is_new);
/* The same of the certificate in place, with newer CA certificates; a failure is one of
 * cli_identity_fail_node if it does not verify under them. */
int cli_identity_renew_authorities(struct cli_identity_fetch *f,
                                   const struct cli_identity_trust *trust, bool *is_new);
/* Prints what is in the folder. Returns: an enum assay_exit */
int cli_identity_report_set(const struct cli_identity_fetch *f, bool is_new);
/* Registers the key, again where the enclave program has restarted; with --member nothing. Returns:
 * an enum assay_exit */
int cli_identity_register(struct cli_identity_fetch *f);

/* Prints a failure of --watch: the first one since the newest set, then one in 60 s, and once that
 * the set has expired (docs/identity.md 11.5). */
void cli_identity_report_failure(const struct cli_identity_fetch *f, const char *why);
/* Registers, and requests until there is a certificate or token, the answer is final, or time is
 * over. Returns: an enum assay_exit */
int cli_identity_fetch_once(struct cli_identity_fetch *f);
_Noreturn void cli_identity_watch(struct cli_identity_fetch *f);

/* Before a set is replaced: the hook is due until it has succeeded, also after a crash. Returns: an
 * enum assay_exit; *was_due: it was already */
int cli_identity_hook_set_due(const struct cli_identity_fetch *f, bool *was_due);
void cli_identity_hook_clear(const struct cli_identity_fetch *f);
bool cli_identity_hook_is_due(const struct cli_identity_fetch *f);
/* Executes --hook; it is not due any more if it succeeds. Returns: an enum assay_exit */
int cli_identity_hook_run(const struct cli_identity_fetch *f);

#endif
