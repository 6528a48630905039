/*
 * net/services/follower.h - a program's side of the ledger (net/services/wire.h): folds
 * what is final, and tells what follows from it (docs/services.md 4.1).
 *
 * The socket may go away and come back, as the daemon behind it does. Facts never go back: a ledger
 * that shows an older epoch than was seen, or another chain, is not followed. One thread calls.
 */
#ifndef ASSAY_NET_SERVICES_FOLLOWER_H
#define ASSAY_NET_SERVICES_FOLLOWER_H

#include "net/services/wire.h"

#include <poll.h>

enum { ASSAY_FOLLOWER_REDIAL_MS = 500, ASSAY_FOLLOWER_PATH_MAX = 107 };

/* In their order. */
typedef void assay_follower_fact(void *context, const struct assay_cont_fact *fact);

struct assay_follower;

/* path: of the ledger's socket. Returns: ASSAY_OK, and nothing was dialled yet | ASSAY_E_MEMORY |
 * ASSAY_E_RANGE (a path too long for a socket) */
ASSAY_CHECKED enum assay_status assay_follower_create(const char *path, uint32_t group,
                                                      assay_follower_fact *fact, void *context,
                                                      struct assay_follower **out);
/* Accepts a pointer to NULL; nulls it. Returns: nothing. */
void assay_follower_destroy(struct assay_follower **follower);
/* What to poll for; fd -1 while there is no connection. */
struct pollfd assay_follower_poll(const struct assay_follower *f);
/* Dials when it is time, reads what is there, tells it. Returns: ASSAY_OK | ASSAY_E_CHAIN (the
 * ledger is another, or shows what is older than what was seen: it is dialled again later) |
 * ASSAY_E_NOT_FOUND (nobody listens) | ASSAY_E_IO (it went away) | as assay_service_next */
ASSAY_CHECKED enum assay_status assay_follower_turn(struct assay_follower *f, uint64_t now_ms);
/* Hands a record in, once. Returns: ASSAY_OK | ASSAY_E_AGAIN (no connection) | ASSAY_E_IO |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_follower_submit(struct assay_follower *f,
                                                      enum assay_service_kind kind,
                                                      struct assay_slice payload);
/* Returns: the group as it is now; NULL before the ledger has told. */
const struct assay_cont_group *assay_follower_group(const struct assay_follower *f);
/* Returns: whether a ledger is followed now. */
bool assay_follower_follows(const struct assay_follower *f);
/* Returns: a number that rises with whatever is told. */
uint64_t assay_follower_told(const struct assay_follower *f);

#endif
