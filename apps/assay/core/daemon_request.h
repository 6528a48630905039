/*
 * apps/assay/core/daemon_request.h - one question to a running daemon, and what its documents say,
 * fit for a terminal.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_DAEMON_REQUEST_H
#define ASSAY_APPS_ASSAY_CORE_DAEMON_REQUEST_H

#include "apps/client.h"

/* One question, by its options. */
struct assay_question {
    const char *group; /* how errors begin: "assay GROUP: " */
    const char *socket, *class_, *since;
    unsigned timeout_ms;
    bool json;
    const char *word; /* the one positional argument, or NULL */
};

/* $ASSAY_SOCKET, else where packages put it. Returns: a path. */
const char *assay_ask_socket(void);
/* Where the node at the socket says that it serves HTTP; "" when nowhere, or nobody answers.
 * Returns: nothing. */
void assay_ask_http(const char *socket, unsigned timeout_ms, char *http, size_t size);
/* Reads the options that all such commands share; which of them may stand there the table of verbs
 * has said. Returns: -1 to go on, else the exit status. */
int assay_ask_options(struct assay_question *q, int argc, char **argv);
/* Returns: whether text is 1 to 3600000, and *timeout_ms. */
bool assay_ask_timeout(const char *text, unsigned *timeout_ms);
/* Says why nobody answers. Returns: the exit status. */
int assay_ask_unreachable(const struct assay_question *q, enum assay_status status);
/* How to find the right name, after a refusal of one that no member has. Returns: text, "" for any
 * other refusal. */
const char *assay_ask_hint(const char *code, const char *detail);
/* Asks; *document is freed by the caller. A refusal is said. Returns: an enum assay_exit. */
__attribute__((format(printf, 3, 4))) int assay_ask_document(const struct assay_question *q,
                                                             struct assay_json **document,
                                                             const char *format, ...);
/* Asks, then prints the document whole (--json) or by show. Returns: an enum assay_exit. */
__attribute__((format(printf, 3, 4))) int assay_ask(const struct assay_question *q,
                                                    void (*show)(const struct assay_json *document),
                                                    const char *format, ...);

/* --- documents as text: names come from operators who may be strangers */

/* No control characters. Returns: one of a few static buffers, for use at once; longer is cut. */
const char *assay_fit(const char *text);
/* Returns: as assay_fit. */
const char *assay_text_of(const struct assay_json *object, const char *key, const char *fallback);
/* Returns: 0 for what is not there. */
unsigned long long assay_number_of(const struct assay_json *object, const char *key);
/* Basis points as "87.50 %". Returns: as assay_fit. */
const char *assay_percent_of(const struct assay_json *object, const char *key);
/* Prints a document, indented. Returns: nothing. */
void assay_print_document(const struct assay_json *document);

#endif
