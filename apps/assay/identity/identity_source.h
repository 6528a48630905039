/*
 * apps/assay/identity/identity_source.h - client of a node that issues certificates (docs/http.md
 * 8), for `assay identity fetch`.
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_SOURCE_H
#define ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_SOURCE_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

enum { CLI_IDENTITY_MESSAGE_LEN = 512, CLI_IDENTITY_PEM_LEN_MAX = 8192 };

enum cli_identity_answer {
    CLI_IDENTITY_ISSUED,
    CLI_IDENTITY_WAIT,        /* it passes: at work, the next epoch, too few holders */
    CLI_IDENTITY_REFUSED,     /* it does not */
    CLI_IDENTITY_UNREACHABLE, /* the node does not answer */
};
/* Where certificates are requested. */
struct cli_identity_node {
    const char *http;   /* UNIX socket or address of HTTP; NULL: */
    const char *socket; /* admin socket, or context */
    unsigned timeout_ms; /* of one exchange */
    uint64_t until_ms;   /* monotonic: all exchanges with it end by then; 0: no limit */
};
/* How long the next exchange may take. Returns: milliseconds, 0: no time is left */
unsigned cli_identity_node_left_ms(const struct cli_identity_node *node);
/* --http and --socket of a line: one of them at most, and the default socket without either.
 * Returns: -1 to go on, else ASSAY_EXIT_USAGE after the message */
int cli_identity_node_choose(struct cli_identity_node *node);
struct cli_identity_issued {
    uint64_t retry_after_s; /* of WAIT */
    bool is_signing;        /* of WAIT: holders are at work on it */
    bool is_few;            /* of WAIT: too few of them answered */
    size_t len;
    char pem[CLI_IDENTITY_PEM_LEN_MAX];     /* of ISSUED: the chain, or the token */
    char message[CLI_IDENTITY_MESSAGE_LEN]; /* why there is none; without the node */
};
struct cli_identity_wanted {
    const char *member;   /* hexadecimal node id */
    const char *name;     /* of the key */
    const char *audience; /* of a token; NULL: a certificate */
};
/* The certificate of a key, or a token. */
enum cli_identity_answer cli_identity_request(const struct cli_identity_node *node,
                                              const struct cli_identity_wanted *wanted,
                                              struct cli_identity_issued *out);

#endif
