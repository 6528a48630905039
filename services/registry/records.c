/*
 * services/registry/records.c - dispatch of service records: check of a payload, and application to
 * its service (docs/services.md 7.2).
 */
#include "services/registry/registry_internal.h"

enum assay_service_kind assay_registry_kind_of_share(enum assay_share_payload payload)
{
    static const enum assay_service_kind kind_of[] = {
        [ASSAY_SHARE_PAYLOAD_HAVE] = ASSAY_SERVICE_SHARE_HAVE,
        [ASSAY_SHARE_PAYLOAD_DEAL] = ASSAY_SERVICE_SHARE_DEAL,
        [ASSAY_SHARE_PAYLOAD_READY] = ASSAY_SERVICE_SHARE_READY,
        [ASSAY_SHARE_PAYLOAD_LIE] = ASSAY_SERVICE_SHARE_LIE,
        [ASSAY_SHARE_PAYLOAD_SUM] = ASSAY_SERVICE_SHARE_SUM,
        [ASSAY_SHARE_PAYLOAD_KEY] = ASSAY_SERVICE_SHARE_KEY,
        [ASSAY_SHARE_PAYLOAD_DEALING] = ASSAY_SERVICE_SHARE_DEALING,
        [ASSAY_SHARE_PAYLOAD_DISPUTE] = ASSAY_SERVICE_SHARE_DISPUTE,
    };
    ASSAY_ASSERT((size_t)payload < sizeof kind_of / sizeof kind_of[0]);
    return kind_of[payload];
}

enum assay_service_kind assay_registry_kind_of_ceremony(enum assay_ceremony_record record)
{
    static const enum assay_service_kind kind_of[] = {
        [ASSAY_CEREMONY_OFFER] = ASSAY_SERVICE_CA_OFFER,
        [ASSAY_CEREMONY_DEAL] = ASSAY_SERVICE_CA_DEAL,
        [ASSAY_CEREMONY_DISPUTE] = ASSAY_SERVICE_CA_DISPUTE,
        [ASSAY_CEREMONY_HAVE] = ASSAY_SERVICE_CA_HAVE,
        [ASSAY_CEREMONY_TABLE] = ASSAY_SERVICE_CA_TABLE,
    };
    ASSAY_ASSERT(record >= ASSAY_CEREMONY_OFFER && record <= ASSAY_CEREMONY_TABLE);
    return kind_of[record];
}

/* --- checks before a block */

static bool has_service(const struct assay_registry_plan *plan, enum assay_service_kind kind)
{
    switch (assay_registry_kind_family(kind)) {
    case ASSAY_FAMILY_NONE: return false;
    case ASSAY_FAMILY_CONTINUITY: return plan->group_count > 0;
    case ASSAY_FAMILY_SHARES: return plan->has_shares;
    case ASSAY_FAMILY_TASKS: return plan->has_tasks;
    case ASSAY_FAMILY_IDENTITY: return plan->has_identity;
    }
    ASSAY_UNREACHABLE("a service");
}

static enum assay_status status_when(bool is_signed)
{
    return is_signed ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

static enum assay_status check_continuity(const struct assay_registry_plan *plan,
                                          const uint8_t chain_id[static 32],
                                          enum assay_service_kind kind, struct assay_slice payload)
{
    ASSAY_ASSERT(plan->group_count > 0);
    struct assay_cont_home home;
    struct assay_cont_replica_record replica;
    struct assay_cont_session_record session;
    struct assay_cont_table_record table;
    struct assay_cont_keep_record keep;
    struct assay_cont_retire_record retire;
    struct assay_cont_silent_record silent;
    struct assay_cont_alive_record alive;
    assay_bytes_copy(home.chain_id, 32, chain_id, 32);
    if (kind == ASSAY_SERVICE_REPLICA) {
        ASSAY_TRY(assay_cont_replica_record_decode(payload, &replica));
        return replica.group < plan->group_count ? ASSAY_OK : ASSAY_E_RANGE;
    }
    if (kind == ASSAY_SERVICE_SESSION) {
        ASSAY_TRY(assay_cont_session_record_decode(payload, &session));
        return session.group < plan->group_count ? ASSAY_OK : ASSAY_E_RANGE;
    }
    if (kind == ASSAY_SERVICE_KEEP) {
        ASSAY_TRY(assay_cont_keep_record_decode(payload, &keep));
        home.group = keep.group;
        if (keep.group >= plan->group_count) return ASSAY_E_RANGE;
        return status_when(assay_cont_keep_record_check(&home, &keep));
    }
    if (kind == ASSAY_SERVICE_RETIRE) {
        ASSAY_TRY(assay_cont_retire_record_decode(payload, &retire));
        home.group = retire.group;
        if (retire.group >= plan->group_count) return ASSAY_E_RANGE;
        return status_when(assay_cont_retire_record_check(&home, &retire));
    }
    if (kind == ASSAY_SERVICE_SILENT) {
        ASSAY_TRY(assay_cont_silent_record_decode(payload, &silent));
        home.group = silent.group;
        if (silent.group >= plan->group_count) return ASSAY_E_RANGE;
        return status_when(assay_cont_silent_record_check(&home, &silent));
    }
    if (kind == ASSAY_SERVICE_ALIVE) {
        ASSAY_TRY(assay_cont_alive_record_decode(payload, &alive));
        return alive.group < plan->group_count ? ASSAY_OK : ASSAY_E_RANGE;
    }
    ASSAY_TRY(assay_cont_table_record_decode(payload, &table));
    home.group = table.group;
    if (table.group >= plan->group_count) return ASSAY_E_RANGE;
    return status_when(assay_cont_table_record_check(&home, &table));
}

static enum assay_status check_shares(const uint8_t chain_id[static 32],
                                      enum assay_service_kind kind, struct assay_slice payload)
{
    struct assay_share_home home;
    union {
        struct assay_share_holder_record holder;
        struct assay_share_put_record put;
        struct assay_share_delete_record delete;
        struct assay_share_readers_record readers;
        struct assay_share_list_record list;
        struct assay_share_ready_record ready;
        struct assay_share_read_record read;
        struct assay_share_lie_record lie;
        struct assay_share_sum_record sum;
        struct assay_share_key_record key;
        struct assay_share_dealing_record dealing;
        struct assay_share_dispute_record dispute;
    } record;
    assay_bytes_copy(home.chain_id, 32, chain_id, 32);
    if (kind == ASSAY_SERVICE_HOLDER) {
        ASSAY_TRY(assay_share_holder_record_decode(payload, &record.holder));
        return status_when(assay_share_holder_record_check(&home, &record.holder));
    }
    if (kind == ASSAY_SERVICE_SHARE_PUT) {
        ASSAY_TRY(assay_share_put_record_decode(payload, &record.put));
        return status_when(assay_share_put_record_check(&home, &record.put));
    }
    if (kind == ASSAY_SERVICE_SHARE_DELETE) {
        ASSAY_TRY(assay_share_delete_record_decode(payload, &record.delete));
        return status_when(assay_share_delete_record_check(&home, &record.delete));
    }
    if (kind == ASSAY_SERVICE_SHARE_READERS) {
        ASSAY_TRY(assay_share_readers_record_decode(payload, &record.readers));
        return status_when(assay_share_readers_record_check(&home, &record.readers));
    }
    if (kind == ASSAY_SERVICE_SHARE_READY)
        return assay_share_ready_record_decode(payload, &record.ready);
    if (kind == ASSAY_SERVICE_SHARE_READ) {
        ASSAY_TRY(assay_share_read_record_decode(payload, &record.read));
        return status_when(assay_share_read_record_check(&home, &record.read));
    }
    if (kind == ASSAY_SERVICE_SHARE_LIE) {
        ASSAY_TRY(assay_share_lie_record_decode(payload, &record.lie));
        return status_when(assay_share_lie_record_check(&home, &record.lie));
    }
    if (kind == ASSAY_SERVICE_SHARE_SUM) return assay_share_sum_record_decode(payload, &record.sum);
    if (kind == ASSAY_SERVICE_SHARE_KEY) {
        ASSAY_TRY(assay_share_key_record_decode(payload, &record.key));
        return status_when(assay_share_key_record_check(&home, &record.key));
    }
    if (kind == ASSAY_SERVICE_SHARE_DEALING) {
        ASSAY_TRY(assay_share_dealing_record_decode(payload, &record.dealing));
        return status_when(assay_share_dealing_record_check(&home, &record.dealing));
    }
    if (kind == ASSAY_SERVICE_SHARE_DISPUTE) {
        ASSAY_TRY(assay_share_dispute_record_decode(payload, &record.dispute));
        return status_when(assay_share_dispute_record_check(&home, &record.dispute));
    }
    return assay_share_list_record_decode(payload, &record.list); /* HAVE, DEAL */
}

static enum assay_status check_tasks(const uint8_t chain_id[static 32],
                                     enum assay_service_kind kind, struct assay_slice payload)
{
    union {
        struct assay_task_transfer transfer;
        struct assay_task_open open;
        struct assay_task_close close;
        struct assay_task_release release;
        struct assay_task_offer offer;
        struct assay_task_accept accept;
        struct assay_task_claim claim;
    } record;
    if (kind == ASSAY_SERVICE_TASK_OFFER) return assay_task_offer_decode(payload, &record.offer);
    if (kind == ASSAY_SERVICE_TASK_ACCEPT) return assay_task_accept_decode(payload, &record.accept);
    if (kind == ASSAY_SERVICE_TRANSFER) {
        ASSAY_TRY(assay_task_transfer_decode(payload, &record.transfer));
        return status_when(assay_task_transfer_check(chain_id, &record.transfer));
    }
    if (kind == ASSAY_SERVICE_TASK_OPEN) {
        ASSAY_TRY(assay_task_open_decode(payload, &record.open));
        return status_when(assay_task_open_check(chain_id, &record.open));
    }
    if (kind == ASSAY_SERVICE_TASK_CLAIM) {
        ASSAY_TRY(assay_task_claim_decode(payload, &record.claim));
        return status_when(assay_task_claim_check(chain_id, &record.claim));
    }
    if (kind == ASSAY_SERVICE_TASK_RELEASE) {
        ASSAY_TRY(assay_task_release_decode(payload, &record.release));
        return status_when(assay_task_release_check(chain_id, &record.release));
    }
    ASSAY_TRY(assay_task_close_decode(payload, &record.close));
    return status_when(assay_task_close_check(chain_id, &record.close));
}

enum assay_status assay_registry_check_record(const struct assay_registry_plan *plan,
                                              const uint8_t chain_id[static 32],
                                              enum assay_service_kind kind,
                                              struct assay_slice payload)
{
    if (!has_service(plan, kind)) return ASSAY_E_UNSUPPORTED;
    if (payload.len > ASSAY_SERVICE_PAYLOAD_MAX) return ASSAY_E_RANGE;
    const enum assay_service_family family = assay_registry_kind_family(kind);
    if (family == ASSAY_FAMILY_CONTINUITY) return check_continuity(plan, chain_id, kind, payload);
    if (family == ASSAY_FAMILY_SHARES) return check_shares(chain_id, kind, payload);
    if (family == ASSAY_FAMILY_IDENTITY)
        return assay_registry_check_identity(chain_id, kind, payload);
    return check_tasks(chain_id, kind, payload);
}

/* --- application */

static const char not_here[] = "not-here";
static const char not_yours[] = "not-yours"; /* its key has signed another author's record */

static const char *cont_word(enum assay_cont_result result)
{
    switch (result) {
    case ASSAY_CONT_APPLIED: return "applied";
    case ASSAY_CONT_SAME: return "same";
    case ASSAY_CONT_NOT_HERE: return not_here;
    case ASSAY_CONT_KEY_TAKEN: return "key-taken";
    case ASSAY_CONT_DEAD: return "dead";
    case ASSAY_CONT_FEW: return "few";
    case ASSAY_CONT_EXPECTED: return "expected";
    case ASSAY_CONT_CLONES: return "clones";
    case ASSAY_CONT_NO_ROOM: return "no-room";
    case ASSAY_CONT_QUOTA: return "quota";
    case ASSAY_CONT_GONE_ROW: return "gone-row";
    case ASSAY_CONT_RETIRED: return "retired";
    case ASSAY_CONT_ATTACHED: return "attached";
    }
    ASSAY_UNREACHABLE("a result of continuity");
}

static const char *share_word(enum assay_share_result result)
{
    switch (result) {
    case ASSAY_SHARE_APPLIED: return "applied";
    case ASSAY_SHARE_SAME: return "same";
    case ASSAY_SHARE_NOT_HERE: return not_here;
    case ASSAY_SHARE_KEY_TAKEN: return "key-taken";
    case ASSAY_SHARE_STRANGER: return "stranger";
    case ASSAY_SHARE_UNKNOWN: return "unknown";
    case ASSAY_SHARE_MISMATCH: return "mismatch";
    case ASSAY_SHARE_NO_ROOM: return "no-room";
    case ASSAY_SHARE_NO_READER: return "no-reader";
    case ASSAY_SHARE_HONEST: return "honest";
    case ASSAY_SHARE_NOT_YOURS: return "not-yours";
    case ASSAY_SHARE_LATE: return "late";
    case ASSAY_SHARE_QUOTA: return "quota";
    }
    ASSAY_UNREACHABLE("a result of shares");
}

static const char *task_word(enum assay_task_result result)
{
    switch (result) {
    case ASSAY_TASK_APPLIED: return "applied";
    case ASSAY_TASK_SAME: return "same";
    case ASSAY_TASK_NOT_HERE: return not_here;
    case ASSAY_TASK_NO_ACCOUNT: return "no-account";
    case ASSAY_TASK_SEQUENCE: return "sequence";
    case ASSAY_TASK_LOW_BALANCE: return "poor";
    case ASSAY_TASK_NO_ROOM: return "no-room";
    case ASSAY_TASK_OVERFLOW: return "overflow";
    case ASSAY_TASK_NO_OFFER: return "no-offer";
    case ASSAY_TASK_STANDING: return "standing";
    case ASSAY_TASK_DEADLINE: return "deadline";
    case ASSAY_TASK_UNKNOWN: return "unknown";
    case ASSAY_TASK_OTHER_SLOT: return "other-slot";
    case ASSAY_TASK_TAKEN: return "taken";
    case ASSAY_TASK_NOT_TAKEN: return "not-taken";
    case ASSAY_TASK_WRONG_KEY: return "wrong-key";
    case ASSAY_TASK_CHANGED: return "changed";
    case ASSAY_TASK_LOCK: return "lock";
    case ASSAY_TASK_STEP: return "step";
    case ASSAY_TASK_INTEGRITY: return "integrity";
    case ASSAY_TASK_UNPROVEN: return "unproven";
    case ASSAY_TASK_EARLY: return "early";
    case ASSAY_TASK_GONE: return "gone";
    case ASSAY_TASK_QUOTA: return "quota";
    }
    ASSAY_UNREACHABLE("a result of tasks");
}

/* The payload was checked before it was in a block. */
static void assert_ok(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

static struct assay_cont_group *find_group(struct assay_registry *r, uint32_t group)
{
    ASSAY_ASSERT(group < r->plan.group_count);
    return &r->group[group];
}

static const char *apply_rows(struct assay_registry *r, enum assay_service_kind kind,
                              struct assay_slice payload, uint32_t *group,
                              struct assay_cont_facts *facts)
{
    struct assay_cont_keep_record keep;
    struct assay_cont_retire_record retire;
    if (kind == ASSAY_SERVICE_KEEP) {
        assert_ok(assay_cont_keep_record_decode(payload, &keep));
        *group = keep.group;
        return cont_word(assay_cont_group_apply_keep(find_group(r, keep.group), &keep, facts));
    }
    ASSAY_ASSERT(kind == ASSAY_SERVICE_RETIRE);
    assert_ok(assay_cont_retire_record_decode(payload, &retire));
    *group = retire.group;
    return cont_word(assay_cont_group_apply_retire(find_group(r, retire.group), &retire, facts));
}

static const char *apply_silence(struct assay_registry *r, uint32_t slot,
                                 const uint8_t node_id[static 32], enum assay_service_kind kind,
                                 struct assay_slice payload, uint32_t *group,
                                 struct assay_cont_facts *facts)
{
    struct assay_cont_silent_record silent;
    struct assay_cont_alive_record alive;
    if (kind == ASSAY_SERVICE_SILENT) {
        assert_ok(assay_cont_silent_record_decode(payload, &silent));
        *group = silent.group;
        return cont_word(
            assay_cont_group_apply_silent(find_group(r, silent.group), &silent, facts));
    }
    assert_ok(assay_cont_alive_record_decode(payload, &alive));
    struct assay_cont_group *const g = find_group(r, *group = alive.group);
    if (!assay_cont_alive_record_is_of(&g->home, node_id, &alive)) return not_yours;
    return cont_word(assay_cont_group_apply_alive(g, slot, &alive, facts));
}

/* docs/services.md 1.3.3: a key belongs to the member that its signature names. */
static const char *apply_continuity(struct assay_registry *r, uint32_t slot,
                                    const uint8_t node_id[static 32], enum assay_service_kind kind,
                                    struct assay_slice payload, uint32_t *group,
                                    struct assay_cont_facts *facts)
{
    struct assay_cont_replica_record replica;
    struct assay_cont_session_record session;
    struct assay_cont_table_record table;
    if (kind == ASSAY_SERVICE_REPLICA) {
        assert_ok(assay_cont_replica_record_decode(payload, &replica));
        struct assay_cont_group *const g = find_group(r, *group = replica.group);
        if (!assay_cont_replica_record_is_of(&g->home, node_id, &replica)) return not_yours;
        return cont_word(assay_cont_group_apply_replica(g, slot, &replica, facts));
    }
    if (kind == ASSAY_SERVICE_SESSION) {
        assert_ok(assay_cont_session_record_decode(payload, &session));
        struct assay_cont_group *const g = find_group(r, *group = session.group);
        if (!assay_cont_session_record_is_of(&g->home, node_id, &session)) return not_yours;
        return cont_word(assay_cont_group_apply_session(g, slot, &session, facts));
    }
    if (kind == ASSAY_SERVICE_SILENT || kind == ASSAY_SERVICE_ALIVE)
        return apply_silence(r, slot, node_id, kind, payload, group, facts);
    if (kind != ASSAY_SERVICE_TABLE) return apply_rows(r, kind, payload, group, facts);
    assert_ok(assay_cont_table_record_decode(payload, &table));
    *group = table.group;
    return cont_word(assay_cont_group_apply_table(find_group(r, table.group), &table, facts));
}

static enum assay_share_result apply_list(struct assay_share_registry *shares, uint32_t slot,
                                          enum assay_service_kind kind, struct assay_slice payload,
                                          struct assay_share_facts *facts)
{
    struct assay_share_list_record list;
    assert_ok(assay_share_list_record_decode(payload, &list));
    return kind == ASSAY_SERVICE_SHARE_HAVE
               ? assay_share_registry_apply_have(shares, slot, &list, facts)
               : assay_share_registry_apply_deal(shares, slot, &list, facts);
}

static enum assay_share_result apply_lie(struct assay_share_registry *shares,
                                         struct assay_slice payload,
                                         struct assay_share_facts *facts)
{
    struct assay_share_lie_record lie;
    assert_ok(assay_share_lie_record_decode(payload, &lie));
    return assay_share_registry_apply_lie(shares, &lie, facts);
}

static enum assay_share_result apply_sum(struct assay_share_registry *shares,
                                         struct assay_slice payload,
                                         struct assay_share_facts *facts)
{
    struct assay_share_sum_record sum;
    assert_ok(assay_share_sum_record_decode(payload, &sum));
    return assay_share_registry_apply_sum(shares, &sum, facts);
}

/* Of public attempts. */
static enum assay_share_result apply_public(struct assay_share_registry *shares, uint32_t slot,
                                            enum assay_service_kind kind,
                                            struct assay_slice payload,
                                            struct assay_share_facts *facts)
{
    struct assay_share_key_record key;
    struct assay_share_dealing_record dealing;
    struct assay_share_dispute_record dispute;
    if (kind == ASSAY_SERVICE_SHARE_KEY) {
        assert_ok(assay_share_key_record_decode(payload, &key));
        return assay_share_registry_apply_key(shares, slot, &key, facts);
    }
    if (kind == ASSAY_SERVICE_SHARE_DEALING) {
        assert_ok(assay_share_dealing_record_decode(payload, &dealing));
        return assay_share_registry_apply_dealing(shares, slot, &dealing, facts);
    }
    assert_ok(assay_share_dispute_record_decode(payload, &dispute));
    return assay_share_registry_apply_dispute(shares, slot, &dispute, facts);
}

/* Signed by an owner, submitted by any member; a SHARE_PUT is charged to that member. */
static enum assay_share_result apply_owner(struct assay_share_registry *shares, uint32_t slot,
                                           enum assay_service_kind kind, struct assay_slice payload,
                                           struct assay_share_facts *facts)
{
    struct assay_share_put_record put;
    struct assay_share_delete_record delete;
    struct assay_share_readers_record readers;
    if (kind == ASSAY_SERVICE_SHARE_PUT) {
        assert_ok(assay_share_put_record_decode(payload, &put));
        return assay_share_registry_apply_put(shares, slot, &put, facts);
    }
    if (kind == ASSAY_SERVICE_SHARE_DELETE) {
        assert_ok(assay_share_delete_record_decode(payload, &delete));
        return assay_share_registry_apply_delete(shares, &delete, facts);
    }
    assert_ok(assay_share_readers_record_decode(payload, &readers));
    return assay_share_registry_apply_readers(shares, &readers, facts);
}

static enum assay_share_result apply_shares(struct assay_registry *r, uint32_t slot,
                                            const uint8_t node_id[static 32],
                                            enum assay_service_kind kind,
                                            struct assay_slice payload,
                                            struct assay_share_facts *facts)
{
    struct assay_share_holder_record holder;
    struct assay_share_ready_record ready;
    struct assay_share_read_record read;
    ASSAY_ASSERT(r->shares != NULL);
    if (kind == ASSAY_SERVICE_HOLDER) {
        assert_ok(assay_share_holder_record_decode(payload, &holder));
        return assay_share_registry_apply_holder(r->shares, slot, node_id, &holder, facts);
    }
    if (kind == ASSAY_SERVICE_SHARE_PUT || kind == ASSAY_SERVICE_SHARE_DELETE ||
        kind == ASSAY_SERVICE_SHARE_READERS)
        return apply_owner(r->shares, slot, kind, payload, facts);
    if (kind == ASSAY_SERVICE_SHARE_READY) {
        assert_ok(assay_share_ready_record_decode(payload, &ready));
        return assay_share_registry_apply_ready(r->shares, slot, &ready, facts);
    }
    if (kind == ASSAY_SERVICE_SHARE_READ) {
        assert_ok(assay_share_read_record_decode(payload, &read));
        return assay_share_registry_apply_read(r->shares, &read, facts);
    }
    if (kind == ASSAY_SERVICE_SHARE_LIE) return apply_lie(r->shares, payload, facts);
    if (kind == ASSAY_SERVICE_SHARE_SUM) return apply_sum(r->shares, payload, facts);
    if (kind == ASSAY_SERVICE_SHARE_KEY || kind == ASSAY_SERVICE_SHARE_DEALING ||
        kind == ASSAY_SERVICE_SHARE_DISPUTE)
        return apply_public(r->shares, slot, kind, payload, facts);
    return apply_list(r->shares, slot, kind, payload, facts);
}

static enum assay_task_result apply_tasks(struct assay_registry *r, uint32_t slot,
                                          enum assay_service_kind kind, struct assay_slice payload,
                                          struct assay_task_facts *facts)
{
    union {
        struct assay_task_transfer transfer;
        struct assay_task_open open;
        struct assay_task_close close;
        struct assay_task_release release;
        struct assay_task_offer offer;
        struct assay_task_accept accept;
        struct assay_task_claim claim;
    } record;
    ASSAY_ASSERT(r->tasks != NULL);
    if (kind == ASSAY_SERVICE_TRANSFER) {
        assert_ok(assay_task_transfer_decode(payload, &record.transfer));
        return assay_task_ledger_apply_transfer(r->tasks, &record.transfer, facts);
    }
    if (kind == ASSAY_SERVICE_TASK_OFFER) {
        assert_ok(assay_task_offer_decode(payload, &record.offer));
        return assay_task_ledger_apply_offer(r->tasks, slot, &record.offer, facts);
    }
    if (kind == ASSAY_SERVICE_TASK_OPEN) {
        assert_ok(assay_task_open_decode(payload, &record.open));
        return assay_task_ledger_apply_open(r->tasks, &record.open, facts);
    }
    if (kind == ASSAY_SERVICE_TASK_ACCEPT) {
        assert_ok(assay_task_accept_decode(payload, &record.accept));
        return assay_task_ledger_apply_accept(r->tasks, slot, &record.accept, facts);
    }
    if (kind == ASSAY_SERVICE_TASK_CLAIM) {
        assert_ok(assay_task_claim_decode(payload, &record.claim));
        return assay_task_ledger_apply_claim(r->tasks, slot, &record.claim, facts);
    }
    if (kind == ASSAY_SERVICE_TASK_RELEASE) {
        assert_ok(assay_task_release_decode(payload, &record.release));
        return assay_task_ledger_apply_release(r->tasks, slot, &record.release, facts);
    }
    assert_ok(assay_task_close_decode(payload, &record.close));
    return assay_task_ledger_apply_close(r->tasks, &record.close, facts);
}

static const char *set_task_facts(struct assay_registry *r, uint32_t slot,
                                  enum assay_service_kind kind, struct assay_slice payload,
                                  struct assay_registry_facts *facts)
{
    struct assay_task_facts task_facts = { 0 };
    const enum assay_task_result result = apply_tasks(r, slot, kind, payload, &task_facts);
    ASSAY_ASSERT(task_facts.count <= ASSAY_TASK_FACTS_MAX);
    for (uint32_t i = 0; i < task_facts.count && facts != NULL; i++)
        facts->task[facts->task_count++] = task_facts.fact[i];
    return task_word(result);
}

const char *assay_registry_apply(struct assay_registry *r, uint32_t slot,
                                 const uint8_t node_id[static 32], enum assay_service_kind kind,
                                 struct assay_slice payload, struct assay_registry_facts *facts)
{
    struct assay_cont_facts task_facts;
    uint32_t group = 0;
    ASSAY_ASSERT(r->missing == 0);
    const enum assay_service_family family = assay_registry_kind_family(kind);
    ASSAY_ASSERT(family != ASSAY_FAMILY_NONE);
    task_facts.count = 0;
    if (facts != NULL) assay_registry_clear_facts(facts);
    if (slot >= ASSAY_REGISTRY_SLOTS_MAX) return not_here;
    if (family == ASSAY_FAMILY_TASKS) return set_task_facts(r, slot, kind, payload, facts);
    if (family == ASSAY_FAMILY_IDENTITY)
        return assay_ca_result_word(assay_registry_apply_identity(
            r->identity, slot, node_id, kind, payload, facts != NULL ? &facts->identity : NULL));
    if (family == ASSAY_FAMILY_SHARES)
        return share_word(apply_shares(r, slot, node_id, kind, payload,
                                       facts != NULL ? &facts->shares : r->discarded_facts));
    const char *const word = apply_continuity(r, slot, node_id, kind, payload, &group, &task_facts);
    if (facts == NULL) return word;
    facts->group = group;
    facts->continuity = task_facts;
    return word;
}
