/*
 * tests/support/services/service_ledger.h - a ledger for programs of services without a network
 * behind it: records that a program submits are checked, ordered and final at once.
 *
 * It implements net/services/wire.h on UNIX sockets like the daemons of its members, and folds with
 * the product's code. On the socket that it is opened with, each connection is a member: the first
 * one has slot 0, and so on; a reconnecting client has the next one, unless service_ledger_expect
 * names another. A socket of service_ledger_member is the daemon of one member. At the socket of
 * service_ledger_enclaves enclaves connect: they receive neither documents nor records.
 *
 * Evidence of the tests names node, measurement and what it covers, and is appraised by that.
 */
#ifndef ASSAY_TESTS_SUPPORT_SERVICE_LEDGER_H
#define ASSAY_TESTS_SUPPORT_SERVICE_LEDGER_H

#include "net/services/wire.h"

enum { SERVICE_LEDGER_PROGRAMS = 32, SERVICE_LEDGER_DAEMONS = 24 };

struct service_ledger;

/* Listens at path for programs of one group. Returns: it; never NULL (asserted). */
struct service_ledger *service_ledger_open(const char *path, uint32_t group, uint32_t size,
                                           uint32_t instances_max);
/* The same of any plan. */
struct service_ledger *service_ledger_of(const char *path, const struct assay_registry_plan *plan);
void service_ledger_close(struct service_ledger **ledger);
/* Listens at path as the daemon of a member. */
void service_ledger_member(struct service_ledger *ledger, const char *path, uint32_t slot);
/* Listens at path for enclaves; each connection is a member, as at the first socket. */
void service_ledger_enclaves(struct service_ledger *ledger, const char *path);
/* Called when an epoch has closed, before programs are notified. NULL: no longer. */
typedef void service_ledger_closed(void *context);
void service_ledger_on_close(struct service_ledger *ledger, service_ledger_closed *closed,
                             void *context);
/* The next connection at the first socket belongs to this slot. */
void service_ledger_expect(struct service_ledger *ledger, uint32_t slot);
/* Waits up to so long for connections and records, and serves them. */
void service_ledger_turn(struct service_ledger *ledger, int timeout_ms);
/* From the next close on a member has this standing, or this state. */
void service_ledger_stand(struct service_ledger *ledger, uint32_t slot,
                          enum assay_cont_standing standing);
void service_ledger_set(struct service_ledger *ledger, uint32_t slot,
                        const struct assay_registry_member *member);
/* Weight in the table of voters that no member has, from the next close on. */
void service_ledger_other_weight(struct service_ledger *ledger, uint64_t weight);
/* The daemon of a slot shows so much more of it than the ledger has, in each close. */
void service_ledger_distort(struct service_ledger *ledger, uint32_t slot, uint64_t weight);
/* The daemon of a slot shows this plan, of as many documents, in each BEGIN, and its programs are
 * disconnected. */
void service_ledger_show_plan(struct service_ledger *ledger, uint32_t slot,
                              const struct assay_registry_plan *plan);
/* The operators fence the era, or end that. */
void service_ledger_fence(struct service_ledger *ledger, bool is_fenced);
/* Every daemon has the seats of its replicas moved. */
void service_ledger_drain(struct service_ledger *ledger);
/* What it answers to PROVE, LIST, SHOW and ROW; without one: that it has nothing. In: slot: of the
 * daemon's member; m: the request. Out: *answer, of which the verb and what identifies it are
 * set */
typedef void service_ledger_prover(void *context, uint32_t slot,
                                   const struct assay_service_message *m,
                                   struct assay_service_message *answer);
void service_ledger_prove(struct service_ledger *ledger, service_ledger_prover *prover,
                          void *context);
/* The daemon of a slot requests a certificate or token of its holder's process: ISSUE. The answer
 * is handed to the prover, whose answer is not sent. */
void service_ledger_issue(struct service_ledger *ledger, uint32_t slot,
                          const struct assay_service_message *m);
/* An epoch ends. */
void service_ledger_close_epoch(struct service_ledger *ledger);
/* What is final now is what service_ledger_undo goes back to. */
void service_ledger_mark(struct service_ledger *ledger);
/* A new era begins on what was marked, and every connection ends: what was final since is undone.
 * Without a mark nothing is. Epochs count on. */
void service_ledger_undo(struct service_ledger *ledger);
/* Every connection ends, as when the daemon does; they may come back. */
void service_ledger_hang_up(struct service_ledger *ledger);
/* The same, and programs that follow are shown nothing: the daemon catches up. */
void service_ledger_catch_up(struct service_ledger *ledger);
/* Programs of a slot are shown nothing more, or from then on again. */
void service_ledger_blind(struct service_ledger *ledger, uint32_t slot, bool blind);
/* Records are held back, and become final when that ends. */
void service_ledger_hold(struct service_ledger *ledger, bool held);
/* Whether a record of this slot is held back. */
bool service_ledger_holds(const struct service_ledger *ledger, uint32_t slot);
/* The next `count` submitted records are never included. */
void service_ledger_lose(struct service_ledger *ledger, uint32_t count);
/* Records that enclaves submit from now on are never included, and their daemon says that they
 * were; or again included. */
void service_ledger_mislead(struct service_ledger *ledger, bool misleads);
/* How many did since then: from different slots, each counted once. */
uint32_t service_ledger_lost(const struct service_ledger *ledger);
/* Evidence of a member is of an unknown program. */
void service_ledger_tamper(struct service_ledger *ledger, uint32_t slot);
/* SHA-256 of what evidence of a member calls its measurement, when it was not tampered with. */
void service_ledger_measurement(uint8_t measurement[static 32]);
/* How many records of a kind were final. */
uint32_t service_ledger_count(const struct service_ledger *ledger, enum assay_service_kind kind);
uint64_t service_ledger_epoch(const struct service_ledger *ledger);
uint64_t service_ledger_era(const struct service_ledger *ledger);
const struct assay_cont_group *service_ledger_group(const struct service_ledger *ledger);
const struct assay_registry *service_ledger_registry(const struct service_ledger *ledger);
const uint8_t *service_ledger_chain(const struct service_ledger *ledger);
/* The node id of a slot. */
void service_ledger_node(uint32_t slot, uint8_t node[static 32]);

#endif
