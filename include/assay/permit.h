/*
 * include/assay/permit.h - libassay-permit: permits of this machine's node.
 *
 * A library of its own: it opens a socket, and needs no cryptography.
 */
#ifndef ASSAY_PERMIT_H
#define ASSAY_PERMIT_H

#include <assay/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of work. Critical: what a node in standing RESTRICTED may not do. */
enum assay_permit_class { ASSAY_PERMIT_NORMAL = 1, ASSAY_PERMIT_CRITICAL = 2 };

struct assay_permit_answer {
    size_t size;
    bool permitted;
    /* When not: "suspended", "stale", "maintenance", "held", "restricted"; "unreachable": no daemon
     * answered. Printable ASCII. */
    char reason[32];
};

/*
 * assay_permit_ask - may this machine's node do work of a class now? Asks its assayd: the one
 * function here that opens a socket and waits.
 *
 * An answer is about the moment at which it is made. A "yes" may be kept for one second at most, a
 * "no" not at all. Whatever is not ASSAY_OK is a "no".
 * In:      socket_path: listen.admin of the daemon; the caller is its user, or root.
 *          timeout_ms: for everything, at most 60000; 0: 1000
 * Out:     *answer, overwritten whatever is returned
 * Returns: ASSAY_OK (see answer->permitted) | ASSAY_E_NOT_FOUND (no such socket, no daemon answers,
 *          or not in time) | ASSAY_E_SYNTAX (another answer) | ASSAY_E_INVALID | ASSAY_E_RANGE |
 *          ASSAY_E_MEMORY
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_permit_ask(const char *socket_path,
                                                           enum assay_permit_class class_,
                                                           uint32_t timeout_ms,
                                                           struct assay_permit_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
