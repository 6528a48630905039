/*
 * tests/support/service_ledger.h - a ledger for programs of services without a network behind it:
 * what a program hands in is checked, ordered and final at once.
 *
 * It speaks net/services/wire.h on a UNIX socket, and folds by the product's code. A connection
 * is a member: the first one has slot 0, and so on; who comes back has the next one, unless
 * service_ledger_expect names another.
 */
#ifndef ASSAY_TESTS_SUPPORT_SERVICE_LEDGER_H
#define ASSAY_TESTS_SUPPORT_SERVICE_LEDGER_H

#include "net/services/wire.h"

enum { SERVICE_LEDGER_PROGRAMS = 32 };

struct service_ledger;

/* Listens at path for programs of one group. Returns: it; never NULL (asserted). */
struct service_ledger *service_ledger_open(const char *path, uint32_t group, uint32_t size,
                                           uint32_t instances_max);
void service_ledger_close(struct service_ledger **ledger);
/* The next connection belongs to this slot. */
void service_ledger_expect(struct service_ledger *ledger, uint32_t slot);
/* Waits up to so long for connections and records, and serves them. */
void service_ledger_turn(struct service_ledger *ledger, int timeout_ms);
/* An epoch ends; from the next one on a member stands so. */
void service_ledger_stand(struct service_ledger *ledger, uint32_t slot,
                          enum assay_cont_standing standing);
void service_ledger_close_epoch(struct service_ledger *ledger);
/* Every connection ends, as when the daemon does; they may come back. */
void service_ledger_hang_up(struct service_ledger *ledger);
/* Records are held back, and become final when that ends. */
void service_ledger_hold(struct service_ledger *ledger, bool held);
const struct assay_cont_group *service_ledger_group(const struct service_ledger *ledger);

#endif
