/*
 * net/documents/document.h - JSON documents of a node, rendered from one snapshot.
 *
 * The admin socket and HTTP show the same things in the same words: both come here, with a snapshot
 * (host/snapshot.h) and nothing else of the node. Every document stands in an envelope { schema,
 * schema_version, node, generated_at, data }; within a version fields are only added.
 * docs/openapi.json has the shapes.
 */
#ifndef ASSAY_NET_DOCUMENTS_DOCUMENT_H
#define ASSAY_NET_DOCUMENTS_DOCUMENT_H

#include "engine/ledger/state/genesis.h"
#include "host/permit.h"
#include "host/snapshot.h"
#include "net/json/json.h"
#include "net/timeline/timeline.h"
#include "scoring/outlook.h"

enum { ASSAY_DOCUMENT_SENTENCE = 640 };

/* Wraps data, which is consumed, in the document envelope. Returns: text of malloc, NULL without
 * memory. */
char *assay_document_finish(const char *node, uint64_t at_unix_ms, const char *schema,
                            struct assay_json *data);

/* --- data: values that the caller frees or puts somewhere */

/* This node, and the network as it sees it. Returns: an object. */
struct assay_json *assay_document_status(const struct assay_snapshot *s);
/* The part of `status` about changes by operators. Returns: an object. */
struct assay_json *assay_document_change_status(const struct assay_snapshot *s);
/* A member; whole: including its keys, and what is insecure. slot < member_count (asserted).
 * Returns: an object. */
struct assay_json *assay_document_member(const struct assay_snapshot *s, uint32_t slot, bool whole);
/* Workload keys of a member, each with its verdict (docs/identity.md 9). now_ms: the monotonic
 * clock of the reader. slot < member_count (asserted). Returns: an object. */
struct assay_json *assay_document_keys(const struct assay_snapshot *s, uint64_t now_ms,
                                       uint32_t slot);
/* Members from `since` on, `limit` at most, with their keys, and `next_since`. Returns: an
 * object. */
struct assay_json *assay_document_all_keys(const struct assay_snapshot *s, uint64_t now_ms,
                                           uint32_t since, uint32_t limit);
/* Sets `node_id_base32`: the id as SPIFFE ids and DNS names of the network have it. */
void assay_document_set_node_id_base32(struct assay_json *object, const uint8_t id[static 32]);
/* Sets `workload_keys`: how many a member has declared, how many are active, and why the others are
 * not. */
void assay_document_set_key_summary(struct assay_json *object, const struct assay_snapshot *s,
                                    uint32_t slot);
/* Enforcement targets of this node, and the manual hold. Returns: an object. */
struct assay_json *assay_document_enforcement(const struct assay_snapshot *s);
/* The permit of this node's enclave, as *permission. now_ms: the monotonic clock of the reader: the
 * head ages although the loop that publishes snapshots stalls. Returns: an object. */
struct assay_json *assay_document_permit(const struct assay_snapshot *s, uint64_t now_ms,
                                         bool critical, struct assay_permission *permission);
/* Returns: an object. */
struct assay_json *assay_document_counters(const struct assay_snapshot *s);
/* name: of the event's member, "" for none. Returns: an object. */
struct assay_json *assay_document_event(const struct assay_timeline_event *event);

/* --- words */

/* How things are, in one sentence of ASSAY_DOCUMENT_SENTENCE bytes at most. Returns: text. */
const char *assay_document_sentence(const struct assay_snapshot *s,
                                    char text[static ASSAY_DOCUMENT_SENTENCE]);
/* The same of one member. Returns: text. */
const char *assay_document_member_sentence(const struct assay_snapshot *s, uint32_t slot,
                                           char text[static ASSAY_DOCUMENT_SENTENCE]);
/* Name of a standing, "FULL" .. "SUSPENDED", of a stage, "member", "resting", "left"; "unknown" for
 * any other number. Each Returns: static text. */
const char *assay_document_standing(uint64_t standing);
/* docs/protocol.md 11.3.4: SUSPENDED of one that left or rests. Returns: an enum assay_standing */
uint64_t assay_document_effective_standing(const struct assay_member_snapshot *member);
const char *assay_document_stage(uint64_t stage);
const char *assay_document_change_end(uint64_t end); /* Returns: "reverted" */
/* Stable codes of the rules, "fail_hard", "rise", and their words; "unknown" for numbers outside.
 */
const char *assay_document_integrity_code(uint64_t rule);
const char *assay_document_integrity_text(uint64_t rule);
const char *assay_document_availability_code(uint64_t rule);
const char *assay_document_availability_text(uint64_t rule);
/* Returns: whether this rule lowers the number. */
bool assay_document_availability_drop(uint64_t rule);

/* Name of a slot, printable ASCII, NUL-terminated; "" for none. Returns: text. */
const char *assay_document_name(const struct assay_snapshot *s, uint16_t slot, char *text,
                                size_t text_len);
/* By name, node_id (hexadecimal or base32), or slot, in this order: a name may look like a number.
 * Returns: whether there is such a member, and *slot. */
bool assay_document_slot(const struct assay_snapshot *s, const char *text, uint16_t *slot);
/* Why a number of a member is low: the cause in its last fall (docs/protocol.md 7.16), else what
 * the last close did. code, text: static; epoch: in which it fell by that cause, 0: it did not.
 * Availability that a drain or a join set to zero has codes of its own, "drained" and "joined". */
struct assay_document_reason {
    const char *code, *text;
    uint64_t epoch;
};
struct assay_document_reason assay_document_integrity_reason(const struct assay_snapshot_member *m);
struct assay_document_reason assay_document_availability_reason(
    const struct assay_snapshot_member *m);
/* Whether integrity makes the standing what it is: it is the lower number, or it alone gives that
 * standing since a fall by it. False of a member out of service. */
bool assay_document_is_low_by_integrity(const struct assay_member_snapshot *member);
/* Why the score is what it is: of integrity where that makes the standing, else of availability. */
struct assay_document_reason assay_document_score_reason(const struct assay_snapshot_member *m);
/* A step of the last fall, epoch that of the step. */
struct assay_document_reason assay_document_step_reason(const struct assay_fall_step *step);
/* Of a standing that became worse at the close of epoch. Returns: static text; NULL: the last fall
 * has no step in that epoch. */
const char *assay_document_fall_cause(const struct assay_fall *fall, uint64_t epoch);
/* "integrity" or "availability". Returns: static text. */
const char *assay_document_step_number(const struct assay_fall_step *step);
/* Returns: whether both steps of a run have the same cause. */
bool assay_document_fall_has_one_cause(const struct assay_fall *fall);

/* That a device of a member passes in another one too, and what to do about it. Returns: text. */
enum { ASSAY_DOCUMENT_SHARED_DEVICE = 320 };
const char *assay_document_shared_device(const struct assay_snapshot *s,
                                         const struct assay_snapshot_shared_device *shared,
                                         char text[static ASSAY_DOCUMENT_SHARED_DEVICE]);

/* After printf of len bytes of ASCII into text[size], size > 3: where it was cut, "..." is its end.
 */
void assay_document_mark_cut(char *text, size_t size, size_t len);
/* --- condition: one word about a member, and what becomes of it */

/* Not a standing of the protocol: a standing says what the ledger grants, SUSPENDED for a member
 * that fails, for one that is away and for one that was drained alike. */
enum assay_condition {
    ASSAY_CONDITION_FULL = 0, /* the first four are enum assay_standing */
    ASSAY_CONDITION_WARNING,
    ASSAY_CONDITION_RESTRICTED,
    ASSAY_CONDITION_SUSPENDED,
    ASSAY_CONDITION_OFFLINE,     /* not reachable, and not attested lately */
    ASSAY_CONDITION_MAINTENANCE, /* announced by its operator (docs/protocol.md 9.7) */
    ASSAY_CONDITION_DRAINED,     /* by a change of the operators (9.6.2) */
    ASSAY_CONDITION_LEFT,
    ASSAY_CONDITIONS,
};
/* slot < member_count (asserted). What operators decided comes before what its evidence says, and
 * that before being away: integrity SUSPENDED is SUSPENDED, reachable or not. Returns: the word. */
enum assay_condition assay_document_condition(const struct assay_snapshot *s, uint32_t slot);
const char *assay_document_condition_word(enum assay_condition condition); /* Returns: "OFFLINE" */
/* Evidence of the last closed epoch was certified, or of the one before: that of the last may still
 * be being decided. */
bool assay_document_is_attested(const struct assay_snapshot *s, uint32_t slot);

/* When an epoch began, or will: from the start of the running one and the length of an epoch, so
 * epochs that took longer make it inexact. Returns: Unix ms, 0: not known. */
uint64_t assay_document_epoch_time(const struct assay_snapshot *s, uint64_t epoch);
/* Sets `epoch`, the running one, `epoch_t0_ms`, when it began, and `epoch_ms`. */
void assay_document_set_epoch(struct assay_json *object, const struct assay_snapshot *s);
/* Unix ms; null for 0: not known. */
void assay_document_set_time(struct assay_json *object, const char *key, uint64_t at_ms);
/* " (18:40 UTC)" of that time, with the date where it is not today's; "" where it is not known.
 * Returns: text. */
enum { ASSAY_DOCUMENT_WHEN = 24 };
const char *assay_document_when(const struct assay_snapshot *s, uint64_t epoch,
                                char text[static ASSAY_DOCUMENT_WHEN]);
/* The same of a time. Returns: text. */
const char *assay_document_when_of(const struct assay_snapshot *s, uint64_t at_ms,
                                   char text[static ASSAY_DOCUMENT_WHEN]);
/* When the epoch of a reason of a member began: exact where the ledger has it, of its last fall.
 * Returns: Unix ms, 0: not known. */
uint64_t assay_document_reason_time(const struct assay_snapshot *s,
                                    const struct assay_snapshot_member *m, uint64_t epoch);

/* The way back of a member that is in service and not FULL, if every verification of it is good
 * from now on (scoring/outlook.h). */
struct assay_document_recovery {
    const char *blocked_code, *blocked_text; /* static: why it does not recover; NULL: it does */
    struct assay_outlook outlook;            /* of one that does */
};
/* Returns: whether there is anything to recover: false of FULL, and of members out of service. */
bool assay_document_recovery(const struct assay_snapshot *s, uint32_t slot,
                             struct assay_document_recovery *recovery);
/* When the member has the best standing that is ahead. Returns: Unix ms, 0: not known. */
uint64_t assay_document_recovery_time(const struct assay_snapshot *s,
                                      const struct assay_document_recovery *recovery);
/* "RESTRICTED in 29 epochs, FULL in 73, about 18:40 UTC". Returns: text of ASSAY_DOCUMENT_RECOVERY
 * bytes at most. */
enum { ASSAY_DOCUMENT_RECOVERY = 160 };
const char *assay_document_recovery_text(const struct assay_snapshot *s,
                                         const struct assay_document_recovery *recovery,
                                         char text[static ASSAY_DOCUMENT_RECOVERY]);
/* Sets `insecure`, of the policy of the network, and `insecure_settings`, of this node. */
void assay_document_set_insecure_settings(struct assay_json *object,
                                          const struct assay_snapshot *s);
/* Sets the members `condition` and `recovery`. */
void assay_document_set_condition(struct assay_json *object, const struct assay_snapshot *s,
                                  uint32_t slot);

/* Plain decimal digits. Returns: whether it is a number of 64 bits, and *out. */
bool assay_document_number(const char *text, uint64_t *out);

#endif
