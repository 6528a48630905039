/*
 * apps/enclave/key_requests.h - requests of programs about workload keys, on the enclave's socket.
 *
 * docs/identity.md 6.7. A line in, an answer out; bytes are hexadecimal in lower case:
 *   key boot                      -> boot B chain C node N
 *   key register ENTRY PROOF      -> ok, with the number of keys that are registered
 *   key withdraw PURPOSE NAME     -> ok, likewise
 *   key list                      -> a line "PURPOSE NAME UID SHA-256 of the SPKI" a key, then
 * "end" What is refused is answered "error", with the reason.
 */
#ifndef ASSAY_APPS_ENCLAVE_KEY_REQUESTS_H
#define ASSAY_APPS_ENCLAVE_KEY_REQUESTS_H

#include "apps/enclave/registrations.h"

enum {
    KEY_REQUEST_MAX = 16 + 2 * (ASSAY_DECLARED_KEY_LEN_MAX + ASSAY_DECLARED_KEY_PROOF_MAX),
    KEY_ANSWER_MAX = ASSAY_DECLARED_KEYS_MAX * 160 + 80,
};

/* Does the line begin as one of these requests? */
bool key_request_is(const char *line, size_t len);
/* In: one such line without its end, hostile; uid of the client. Returns: the length of answer, its
 * "\n" included. */
size_t key_request_answer(struct registrations *r, uint32_t uid, uint64_t now_ms, const char *line,
                          size_t len, char answer[static KEY_ANSWER_MAX]);

#endif
