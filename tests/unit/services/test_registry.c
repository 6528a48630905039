/* tests/unit/services/test_registry.c - tests of the registry (docs/services.md 7) */
#include "tests/support/depth.h"
#include "tests/unit/services/registry_pair.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

/* What happened in all courses, so that one that stands still is no test. */
struct seen {
    uint32_t applied[ASSAY_SERVICE_KIND_COUNT];
    uint32_t convicted, nobody, dealt, renewed, chosen;
};

static void look(const struct pair *p, struct seen *seen)
{
    const struct assay_share_registry *s = assay_registry_shares(p->live);
    for (uint32_t i = 0; i < WORLD_MEMBERS; i++)
        seen->convicted += s->member[i].convicted;
    for (uint32_t i = 0; i < 2 * 4; i++)
        seen->nobody += s->cluster[i / 4].seated &&
                        s->cluster[i / 4].seat[i % 4].member == ASSAY_SHARE_NO_MEMBER;
    for (uint32_t i = 0; i < s->reshare_count; i++)
        seen->dealt += s->reshare[i].have[0] != 0;
    seen->chosen += s->round->phase == ASSAY_SHARE_PHASE_HAVES;
    for (uint32_t i = 0; i < s->row_count; i++)
        seen->renewed += s->row[i].generation > 1;
}

static void course(uint64_t seed, struct seen *seen)
{
    struct pair *p = pair_of(seed);
    pair_close_epoch(p);
    for (uint32_t step = 0; step < 500; step++) {
        if (registry_world_below(&p->world, 10) == 0) pair_read_again(p);
        if (registry_world_below(&p->world, 24) == 0) pair_close_epoch(p);
        else if (pair_apply(p)[1] == 'p') seen->applied[p->record.kind]++;
        pair_expect_same_facts(p);
        if (step % 8 == 0) pair_expect_same_documents(p);
        look(p, seen);
    }
    pair_free(p);
}

Test(registry, one_that_was_read_goes_on_as_the_one_that_wrote_it, .timeout = 600)
{
    struct seen seen = { 0 };
    for (uint64_t round = 1; round <= 160 / test_every(4); round++)
        course(round, &seen);
    for (unsigned kind = ASSAY_SERVICE_REPLICA; kind < ASSAY_SERVICE_CA_OFFER; kind++)
        cr_expect(seen.applied[kind] >= (kind == ASSAY_SERVICE_SHARE_DISPUTE ? 1 : 6) || /* rare */
                      kind == ASSAY_SERVICE_SHARE_SUM, /* of points: none */
                  "%s: %u", assay_registry_kind_name(kind), seen.applied[kind]);
    cr_expect_gt(seen.convicted, 100);
    cr_expect_gt(seen.nobody, 100);
    cr_expect_gt(seen.dealt, 100);
    cr_expect_gt(seen.chosen, 100);
    cr_expect_gt(seen.renewed, 100);
}

/* --- hostile documents */

/* In which ids are being dealt, a task runs, and a group changes, as far as a course gets there. */
static struct pair *rich(void)
{
    for (uint64_t seed = 1;; seed++) {
        struct pair *p = pair_of(seed);
        pair_close_epoch(p);
        for (uint32_t step = 0; step < 600; step++) {
            const struct assay_share_registry *s = assay_registry_shares(p->live);
            if (step > 200 && s->reshare_count > 0 && s->reshare[0].have[0] != 0 &&
                s->synced_count > 3 && assay_registry_group(p->live, 0)->instance_count > 1 &&
                assay_registry_group(p->live, 1)->phase == ASSAY_CONT_CHANGING)
                return p;
            if (registry_world_below(&p->world, 24) == 0) pair_close_epoch(p);
            else (void)pair_apply(p);
        }
        pair_free(p);
    }
}

/* Whatever is taken holds every invariant, goes on, and is written as it was read. */
static bool is_taken(struct pair *p, const struct registry_documents *documents)
{
    struct registry_documents again;
    if (registry_documents_read(documents, 0, p->read) != ASSAY_OK) return false;
    pair_stand(&p->world, p->read);
    assay_registry_check(p->read);
    registry_documents_of(&p->world, p->read, &again);
    for (uint32_t i = 0; i < again.count; i++)
        cr_assert(assay_slice_equal(again.of[i], documents->of[i]));
    registry_documents_free(&again);
    for (uint32_t i = 0; i < 4; i++) {
        const struct registry_record *m = &p->record;
        registry_world_record(&p->world, p->read, &p->record);
        (void)assay_registry_apply(p->read, m->slot, m->node, m->kind, m->payload, NULL);
    }
    assay_registry_close_epoch(p->read, p->world.epoch + 1, p->world.member, WORLD_MEMBERS,
                               p->facts, NULL, NULL);
    assay_registry_check(p->read);
    return true;
}

Test(registry, no_byte_of_a_document_can_be_changed_into_what_no_fold_made, .timeout = 600)
{
    struct pair *p = rich();
    struct registry_documents documents;
    uint32_t taken = 0, refused = 0;
    registry_documents_of(&p->world, p->live, &documents);
    for (uint32_t i = 0; i < documents.count; i++) {
        uint8_t *bytes = documents.bytes + (size_t)i * ASSAY_REGISTRY_DOCUMENT_LEN_MAX;
        for (size_t at = 0; at < documents.of[i].len; at += test_every(7)) {
            const uint8_t mask = (uint8_t)(at % 9 == 8 ? 0xff : 1u << at % 9);
            bytes[at] ^= mask;
            if (is_taken(p, &documents)) taken++;
            else refused++;
            bytes[at] ^= mask;
        }
    }
    cr_expect_gt(refused, 50);
    cr_expect_gt(taken, 50, "a name or an amount may be another");
    cr_expect(is_taken(p, &documents), "and these are the ones that were written");
    registry_documents_free(&documents);
    pair_free(p);
}

Test(registry, a_document_ends_where_it_ends)
{
    struct pair *p = rich();
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    for (uint32_t i = 0; i < documents.count; i++) {
        const struct assay_slice whole = documents.of[i];
        documents.bytes[(size_t)i * ASSAY_REGISTRY_DOCUMENT_LEN_MAX + whole.len] = 0;
        documents.of[i].len = whole.len + 1;
        cr_expect_eq(registry_documents_read(&documents, 0, p->read), ASSAY_E_TRAILING, "%u", i);
        for (size_t len = 0; len < whole.len; len += 1 + whole.len / 200) {
            uint8_t *exact = malloc(len + 1);
            assay_bytes_copy(exact, len + 1, whole.bytes, len);
            documents.of[i] = assay_slice_over(exact, len);
            cr_expect_neq(registry_documents_read(&documents, i, p->read), ASSAY_OK);
            free(exact);
        }
        documents.of[i] = whole;
    }
    cr_expect(is_taken(p, &documents), "one that was refused is read anew as a whole");
    registry_documents_free(&documents);
    pair_free(p);
}

Test(registry, documents_of_two_moments_do_not_belong_together)
{
    struct pair *p = rich();
    struct registry_documents now, then;
    uint32_t refused = 0;
    struct assay_registry *reader = registry_world_fresh(&p->world);
    registry_documents_of(&p->world, p->live, &now);
    const uint32_t head = 4, rows = 6; /* behind two groups */
    for (uint32_t step = 0; step < 800; step++) {
        if (registry_world_below(&p->world, 24) == 0) pair_close_epoch(p);
        else (void)pair_apply(p);
        registry_documents_of(&p->world, p->live, &then);
        struct registry_documents mixed = now;
        mixed.of[rows] = then.of[rows];
        cr_assert(assay_slice_equal(now.of[head], mixed.of[head]));
        const enum assay_status status = registry_documents_read(&mixed, step % 7, reader);
        refused += status == ASSAY_E_INVALID;
        if (status == ASSAY_OK) assay_registry_check(reader); /* a fold could have made it */
        registry_documents_free(&then);
    }
    cr_expect_gt(refused, 20);
    free(reader);
    registry_documents_free(&now);
    pair_free(p);
}

Test(registry, nothing_is_taken_behind_a_document_that_was_refused, .signal = SIGABRT)
{
    struct pair *p = pair_of(1);
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    documents.of[documents.count - 1].len--;
    if (registry_documents_read(&documents, 0, p->read) == ASSAY_OK)
        return; /* no abort: it fails */
    assay_registry_check(p->read);
}

Test(registry, groups_are_of_the_plan)
{
    struct pair *p = pair_of(1);
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    for (uint32_t i = 0; i < 2; i++) {
        struct registry_world other = p->world;
        if (i == 0) other.plan.group[1].size = 5;
        else other.plan.group[0].instances_max++;
        struct assay_registry *r = registry_world_fresh(&other);
        cr_expect_eq(registry_documents_read(&documents, 0, r), ASSAY_E_RANGE);
        free(r);
    }
    const struct assay_slice first = documents.of[0], rows = documents.of[1];
    documents.of[0] = documents.of[2];
    cr_expect_eq(registry_documents_read(&documents, 0, p->read), ASSAY_E_CHAIN);
    documents.of[0] = documents.of[1];
    cr_expect_neq(registry_documents_read(&documents, 0, p->read), ASSAY_OK, "rows");
    documents.of[0] = first;
    documents.of[1] = documents.of[3];
    cr_expect_eq(registry_documents_read(&documents, 0, p->read), ASSAY_E_CHAIN);
    documents.of[1] = rows;
    cr_expect_eq(registry_documents_read(&documents, 0, p->read), ASSAY_OK);
    registry_documents_free(&documents);
    pair_free(p);
}

Test(registry, nothing_is_taken_between_documents, .signal = SIGABRT)
{
    struct pair *p = pair_of(1);
    struct registry_documents documents;
    registry_documents_of(&p->world, p->live, &documents);
    cr_assert_eq(assay_registry_decode(p->read, 0, documents.of[0]), ASSAY_OK);
    assay_registry_check(p->read);
}

/* --- records */

static enum assay_status check(const struct pair *p, enum assay_service_kind kind,
                               struct assay_slice payload)
{
    return assay_registry_check_record(&p->world.plan, p->world.chain_id, kind, payload);
}

Test(registry, every_signature_inside_is_looked_at)
{
    static const bool is_signed[ASSAY_SERVICE_KIND_COUNT] = {
        [ASSAY_SERVICE_HOLDER] = true,     [ASSAY_SERVICE_KEEP] = true,
        [ASSAY_SERVICE_RETIRE] = true,     [ASSAY_SERVICE_TABLE] = true,
        [ASSAY_SERVICE_SHARE_PUT] = true,  [ASSAY_SERVICE_SHARE_READ] = true,
        [ASSAY_SERVICE_SHARE_LIE] = true,  [ASSAY_SERVICE_TRANSFER] = true,
        [ASSAY_SERVICE_TASK_OPEN] = true,  [ASSAY_SERVICE_TASK_CLAIM] = true,
        [ASSAY_SERVICE_TASK_CLOSE] = true, [ASSAY_SERVICE_TASK_RELEASE] = true,
        [ASSAY_SERVICE_SHARE_DELETE] = true, [ASSAY_SERVICE_SHARE_READERS] = true,
    };
    uint32_t tried[ASSAY_SERVICE_KIND_COUNT] = { 0 };
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct pair *p = pair_of(seed);
        for (uint32_t step = 0; step < 400; step++) {
            if (step % 24 == 0) pair_close_epoch(p);
            (void)pair_apply(p);
            if (p->record.kind >= sizeof is_signed || !is_signed[p->record.kind]) continue;
            struct assay_task_release release;
            if (p->record.kind == ASSAY_SERVICE_TASK_RELEASE &&
                assay_task_release_decode(p->record.payload, &release) == ASSAY_OK &&
                !release.is_signed)
                continue; /* it is the word of the executor's member */
            struct pair elsewhere = *p;
            elsewhere.world.chain_id[0] ^= 1;
            cr_assert_eq(check(&elsewhere, p->record.kind, p->record.payload), ASSAY_E_SIGNATURE,
                         "%s of another chain", assay_registry_kind_name(p->record.kind));
            tried[p->record.kind]++;
        }
        pair_free(p);
    }
    for (unsigned kind = 1; kind < sizeof is_signed; kind++)
        cr_expect(!is_signed[kind] || tried[kind] > 0, "%s", assay_registry_kind_name(kind));
}

/* docs/services.md 1.3.3: a payload that another member hands in, first or later, is nobody's. */
Test(registry, a_payload_is_of_the_member_that_its_key_names)
{
    uint32_t tried[ASSAY_SERVICE_KIND_COUNT] = { 0 };
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct pair *p = pair_of(seed);
        for (uint32_t step = 0; step < 200; step++) {
            struct registry_record *m = &p->record;
            if (step % 24 == 0) pair_close_epoch(p);
            registry_world_record(&p->world, p->live, m);
            const bool own = m->kind == ASSAY_SERVICE_REPLICA || m->kind == ASSAY_SERVICE_SESSION ||
                             m->kind == ASSAY_SERVICE_HOLDER;
            if (!own || m->slot >= ASSAY_REGISTRY_SLOTS_MAX) continue;
            uint8_t thief[32];
            kit_bytes('D', (m->slot + 1) % WORLD_MEMBERS, thief);
            cr_expect_str_eq(assay_registry_apply(p->live, (m->slot + 1) % WORLD_MEMBERS, thief,
                                                  m->kind, m->payload, p->facts),
                             "not-yours");
            tried[m->kind] += assay_registry_apply(p->live, m->slot, m->node, m->kind, m->payload,
                                                   p->facts)[1] == 'p';
        }
        pair_free(p);
    }
    cr_expect_gt(tried[ASSAY_SERVICE_REPLICA], 5);
    cr_expect_gt(tried[ASSAY_SERVICE_HOLDER], 5);
    cr_expect_gt(tried[ASSAY_SERVICE_SESSION], 5, "the owner is not kept out");
}

Test(registry, what_the_plan_does_not_have_is_refused)
{
    struct pair *p = pair_of(3);
    const struct assay_slice none = { .bytes = NULL, .len = 0 };
    uint32_t tried = 0;
    cr_expect_eq(check(p, (enum assay_service_kind)0, none), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(check(p, (enum assay_service_kind)200, none), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(check(p, ASSAY_SERVICE_TASK_OFFER, none), ASSAY_E_TRUNCATED);
    pair_close_epoch(p);
    for (uint32_t step = 0; step < 300; step++) {
        struct pair other = *p;
        (void)pair_apply(p);
        const enum assay_service_kind kind = p->record.kind;
        const enum assay_service_family family = assay_registry_kind_family(kind);
        if (family == ASSAY_FAMILY_TASKS) other.world.plan.has_tasks = false;
        else if (family == ASSAY_FAMILY_SHARES) other.world.plan.has_shares = false;
        else other.world.plan.group_count = 0;
        cr_assert_eq(check(&other, kind, p->record.payload), ASSAY_E_UNSUPPORTED);
        if (family != ASSAY_FAMILY_CONTINUITY) continue;
        other.world.plan.group_count = 1;
        /* [group, ...: the one item behind the head */
        const bool second = p->record.payload.bytes[1] == 1;
        cr_assert_eq(check(&other, kind, p->record.payload), second ? ASSAY_E_RANGE : ASSAY_OK);
        tried += second;
    }
    cr_expect_gt(tried, 10);
    static uint8_t large[ASSAY_SERVICE_PAYLOAD_MAX + 1];
    cr_expect_eq(check(p, ASSAY_SERVICE_HOLDER, assay_slice_over(large, sizeof large)),
                 ASSAY_E_RANGE);
    pair_free(p);
}

/* A record that another slot may have submitted. Returns: its kind. */
static enum assay_service_kind apply_out_of_range(struct pair *p)
{
    const struct registry_record *m = &p->record;
    struct registry_documents before, after;
    registry_documents_of(&p->world, p->live, &before);
    registry_world_record(&p->world, p->live, &p->record);
    cr_assert_str_eq(assay_registry_apply(p->live, ASSAY_REGISTRY_SLOTS_MAX, m->node, m->kind,
                                          m->payload, p->facts),
                     "not-here");
    cr_assert_eq(p->facts->continuity.count + p->facts->shares.count + p->facts->task_count, 0);
    registry_documents_of(&p->world, p->live, &after);
    for (uint32_t i = 0; i < after.count; i++)
        cr_assert(assay_slice_equal(before.of[i], after.of[i]));
    registry_documents_free(&before);
    registry_documents_free(&after);
    return m->kind;
}

Test(registry, a_slot_out_of_range_serves_nothing)
{
    uint32_t kinds = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct pair *p = pair_of(seed);
        for (uint32_t step = 0; step < 600; step++) {
            if (step % 24 == 0) pair_close_epoch(p);
            (void)pair_apply(p);
            if (step % 5 == 0) kinds |= 1u << apply_out_of_range(p);
        }
        pair_free(p);
    }
    const uint32_t every = (1u << ASSAY_SERVICE_CA_OFFER) - 2;
    cr_expect_eq(kinds | 1u << ASSAY_SERVICE_SHARE_LIE | 1u << ASSAY_SERVICE_SHARE_SUM |
                     1u << ASSAY_SERVICE_SHARE_DISPUTE,
                 every, "every kind; lies and disputes are rare, and sums are of points");
}

Test(registry, of_a_table_of_members_those_beyond_the_last_slot_are_not_looked_at)
{
    struct pair *p = pair_of(5);
    static struct assay_registry_member many[ASSAY_REGISTRY_SLOTS_MAX + 40];
    for (uint32_t i = 0; i < ASSAY_REGISTRY_SLOTS_MAX + 40; i++)
        many[i].standing = ASSAY_REGISTRY_STAND_FULL;
    assay_registry_close_epoch(p->live, 1, many, ASSAY_REGISTRY_SLOTS_MAX + 40, p->facts, NULL,
                               NULL);
    cr_expect_eq(assay_registry_shares(p->live)->member[127].standing, ASSAY_SHARE_STAND_FULL);
    assay_registry_check(p->live);
    pair_free(p);
}

Test(registry, a_branch_is_folded_onto_a_copy)
{
    struct pair *p = rich();
    struct registry_documents before, after;
    registry_documents_of(&p->world, p->live, &before);
    assay_registry_copy(p->read, p->live);
    pair_expect_same_documents(p);
    for (uint32_t i = 0; i < 200; i++) { /* the branch */
        const struct registry_record *m = &p->record;
        registry_world_record(&p->world, p->read, &p->record);
        (void)assay_registry_apply(p->read, m->slot, m->node, m->kind, m->payload, NULL);
    }
    registry_documents_of(&p->world, p->live, &after);
    for (uint32_t i = 0; i < after.count; i++)
        cr_expect(assay_slice_equal(before.of[i], after.of[i]), "the trunk has not moved");
    assay_registry_copy(p->read, p->live);
    p->received[0] = p->received[1] = (struct received){ 0 };
    for (uint32_t step = 0; step < 300; step++) {
        if (step % 24 == 0) pair_close_epoch(p);
        else (void)pair_apply(p);
        pair_expect_same_facts(p);
    }
    pair_expect_same_documents(p);
    registry_documents_free(&before);
    registry_documents_free(&after);
    pair_free(p);
}

/* --- epochs */

Test(registry, each_service_has_its_own_words_for_standings)
{
    static const struct {
        enum assay_cont_standing cont;
        enum assay_share_standing share;
    } words[] = {
        [ASSAY_REGISTRY_STAND_NONE] = { ASSAY_CONT_STAND_NONE, ASSAY_SHARE_STAND_NONE },
        [ASSAY_REGISTRY_STAND_SUSPENDED] = { ASSAY_CONT_STAND_SUSPENDED,
                                             ASSAY_SHARE_STAND_SUSPENDED },
        [ASSAY_REGISTRY_STAND_RESTRICTED] = { ASSAY_CONT_STAND_NONE, ASSAY_SHARE_STAND_NONE },
        [ASSAY_REGISTRY_STAND_WARNING] = { ASSAY_CONT_STAND_WARNING, ASSAY_SHARE_STAND_WARNING },
        [ASSAY_REGISTRY_STAND_FULL] = { ASSAY_CONT_STAND_FULL, ASSAY_SHARE_STAND_FULL },
    };
    struct pair *p = pair_of(1);
    for (uint32_t i = 0; i <= ASSAY_REGISTRY_STAND_FULL; i++) {
        p->world.member[i] =
            (struct assay_registry_member){ .standing = (enum assay_registry_standing)i,
                                            .score_bp = (uint16_t)(100 + i),
                                            .operator_ = (uint8_t)(i / 2) };
    }
    p->world.epoch = 7;
    pair_close_one(p, p->live, &p->received[0]);
    pair_stand(&p->world, p->read);
    const struct assay_registry *const both[] = { p->live, p->read };
    for (uint32_t k = 0; k < 2; k++)
        for (uint32_t i = 0; i <= ASSAY_REGISTRY_STAND_FULL; i++) {
            const struct assay_cont_member *c = &assay_registry_group(both[k], 1)->member[i];
            const struct assay_share_member *s = &assay_registry_shares(both[k])->member[i];
            cr_expect_eq(c->standing, words[i].cont);
            cr_expect_eq(s->standing, words[i].share);
            cr_expect_eq(c->score, 100 + i);
            cr_expect_eq(c->operator_, i / 2);
            cr_expect_eq(s->score, 100 + i);
        }
    cr_expect_eq(assay_task_ledger_get_epoch(assay_registry_tasks(p->live)), 8,
                 "the next one runs");
    cr_expect_eq(assay_task_ledger_get_epoch(assay_registry_tasks(p->read)), 8);
    pair_free(p);
}

static void close_full(struct pair *p, uint32_t renewed)
{
    p->world.epoch++;
    for (uint32_t i = 0; i < WORLD_MEMBERS; i++)
        p->world.member[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                             .certified = true,
                                                             .renewed = i == renewed,
                                                             .operator_ = (uint8_t)i };
    pair_close_one(p, p->live, &p->received[0]);
    pair_stand(&p->world, p->read);
}

static struct assay_cont_home home_of(const struct pair *p)
{
    struct assay_cont_home home = { .group = 0 };
    assay_bytes_copy(home.chain_id, 32, p->world.chain_id, 32);
    return home;
}

/* Another than the record's key signs for the link key: who does not have its secret. */
static const char *replica_with(struct pair *p, uint32_t slot, uint32_t key,
                                const struct assay_secret32 *named,
                                const struct assay_secret32 *signs)
{
    struct assay_cont_replica_record record = { .contact = { .address = "h:1", .address_len = 3 } };
    struct assay_slice payload;
    assay_bytes_copy(record.key, sizeof record.key, p->world.key[key].key, sizeof record.key);
    assay_cont_link_name(named, &record.link, &record.contact);
    const struct assay_cont_home home = home_of(p);
    uint8_t digest[32];
    assay_cont_replica_statement(&home, p->record.node, &record, digest);
    assay_sodium_link_sign(signs, digest, record.link.signature);
    kit_sign(&p->world.key[key], digest, record.signature);
    cr_assert_eq(assay_cont_replica_record_encode(&record, p->record.bytes, 1024, &payload),
                 ASSAY_OK);
    return assay_registry_apply(p->live, slot, p->record.node, ASSAY_SERVICE_REPLICA, payload,
                                p->facts);
}

static const char *replica_of(struct pair *p, uint32_t slot, uint32_t key)
{
    struct assay_secret32 seed;
    kit_bytes('c', slot * 100 + key, seed.bytes);
    return replica_with(p, slot, key, &seed, &seed);
}

/* A hostile member that lists the CURVE key of another's process keeps it from nothing. */
Test(registry, nobody_lists_a_curve_key_that_it_does_not_have)
{
    struct pair *p = pair_of(1);
    struct assay_secret32 theirs, own;
    struct assay_cont_session_record session = { .expected = 1,
                                                 .contact = { .address = "h", .address_len = 1 } };
    struct assay_slice payload;
    const struct assay_cont_home home = home_of(p);
    uint8_t digest[32];
    kit_bytes('c', 1, theirs.bytes);
    kit_bytes('c', 2, own.bytes);
    close_full(p, WORLD_MEMBERS);
    cr_expect_str_eq(replica_with(p, 2, 2, &theirs, &own), "not-yours");
    assay_bytes_copy(session.instance_key, sizeof session.instance_key, p->world.key[5].key,
                     sizeof session.instance_key);
    assay_cont_link_name(&theirs, &session.link, &session.contact);
    assay_cont_session_statement(&home, p->record.node, &session, digest);
    assay_sodium_link_sign(&own, digest, session.link.signature);
    kit_sign(&p->world.key[5], digest, session.signature);
    cr_assert_eq(assay_cont_session_record_encode(&session, p->record.bytes, 1024, &payload),
                 ASSAY_OK);
    cr_expect_str_eq(assay_registry_apply(p->live, 2, p->record.node, ASSAY_SERVICE_SESSION,
                                          payload, p->facts),
                     "not-yours");
    cr_expect_str_eq(replica_with(p, 1, 1, &theirs, &theirs), "applied", "it is free");
    pair_free(p);
}

Test(registry, another_member_in_a_slot_has_not_the_memory_of_the_old_one)
{
    struct pair *p = pair_of(1);
    const struct assay_cont_group *group = assay_registry_group(p->live, 0);
    close_full(p, WORLD_MEMBERS);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_str_eq(replica_of(p, i, i), "applied");
    cr_assert_eq(group->phase, ASSAY_CONT_SERVING);
    const uint32_t slot = group->now.slot[1];
    close_full(p, slot);
    cr_expect(!group->member[slot].listed);
    cr_expect_eq(group->phase, ASSAY_CONT_CHANGING, "the fourth takes its seat");
    cr_expect_eq(group->next.slot[1], 3);
    cr_expect_str_eq(replica_of(p, slot, slot), "key-taken", "nobody takes over what sat");
    cr_expect_str_eq(replica_of(p, slot, 9), "applied", "its own it may list");
    pair_free(p);
}

Test(registry, a_session_is_not_suspended_with_another_member_than_its_author)
{
    struct pair *p = pair_of(1);
    struct assay_cont_session_record record = { .expected = 1,
                                                .contact = { .address = "h", .address_len = 1 } };
    struct assay_slice payload;
    struct assay_cont_fact fact;
    const struct assay_cont_home home = home_of(p);
    uint8_t digest[32];
    assay_bytes_copy(record.instance_key, sizeof record.instance_key, p->world.key[5].key,
                     sizeof record.instance_key);
    struct assay_secret32 seed;
    kit_bytes('c', 5, seed.bytes);
    assay_cont_link_name(&seed, &record.link, &record.contact);
    assay_cont_session_statement(&home, p->record.node, &record, digest);
    assay_sodium_link_sign(&seed, digest, record.link.signature);
    kit_sign(&p->world.key[5], digest, record.signature);
    cr_assert_eq(assay_cont_session_record_encode(&record, p->record.bytes, 1024, &payload),
                 ASSAY_OK);
    close_full(p, WORLD_MEMBERS);
    cr_assert_str_eq(
        assay_registry_apply(p->live, 3, p->record.node, ASSAY_SERVICE_SESSION, payload, NULL),
        "applied");
    for (uint32_t round = 0; round < 2; round++) {
        p->world.epoch++;
        p->world.member[3].standing = ASSAY_REGISTRY_STAND_SUSPENDED;
        p->world.member[3].renewed = round == 1;
        pair_close_one(p, p->live, &p->received[0]);
        cr_assert(assay_cont_group_get_standing(assay_registry_group(p->live, 0), 0, &fact));
        cr_expect_eq(fact.suspended, round == 0);
    }
    pair_free(p);
}

static const char *holder_of(struct pair *p, uint32_t slot, uint32_t key)
{
    struct assay_share_holder_record record = { .address_len = 1, .address = "h" };
    struct assay_slice payload;
    assay_bytes_copy(record.key, sizeof record.key, p->world.key[key].key, sizeof record.key);
    assay_bytes_copy(record.link, 32, record.key, 32); /* a model's: any bytes are a link key */
    assay_bytes_copy(record.node, 32, p->record.node, 32);
    cr_assert_eq(assay_share_holder_record_encode(&record, p->record.bytes, 1024, &payload),
                 ASSAY_OK);
    return assay_registry_apply(p->live, slot, p->record.node, ASSAY_SERVICE_HOLDER, payload,
                                p->facts);
}

Test(registry, another_member_in_a_slot_has_not_the_shares_of_the_old_one)
{
    struct pair *p = pair_of(1);
    const struct assay_share_registry *s = assay_registry_shares(p->live);
    uint32_t cluster = 0, slot = 0;
    close_full(p, WORLD_MEMBERS);
    for (uint32_t i = 0; i < 4; i++)
        cr_assert_str_eq(holder_of(p, i, 20 + i), "applied");
    cr_assert(assay_share_registry_find_seat(s, p->world.key[22].key, &cluster, &slot));
    close_full(p, 2);
    cr_expect(!assay_share_registry_find_seat(s, p->world.key[22].key, &cluster, &slot));
    cr_expect_str_eq(holder_of(p, 2, 22), "key-taken", "it has not what is kept under that key");
    cr_expect(!assay_share_registry_find_seat(s, p->world.key[22].key, &cluster, &slot));
    cr_expect_str_eq(holder_of(p, 2, 30), "applied");
    cr_expect(assay_share_registry_find_seat(s, p->world.key[30].key, &cluster, &slot),
              "candidate");
    cr_expect_eq(s->cluster[0].ready >> 2 & 1, 0);
    assay_registry_check(p->live);
    pair_free(p);
}

/* An offer of a slot, and a task of account 40 for it. Out: its name. */
static void task_of(struct pair *p, uint32_t slot, uint64_t sequence, uint8_t name[static 32])
{
    struct assay_task_offer offer = { .count = 1, .price = 5, .hold = 1 };
    struct assay_task_open open = {
        .sequence = sequence,
        .executor = slot,
        .price = 5,
        .hold = 1,
        .steps = 3,
        .deadline = p->world.epoch + 20,
        .min_standing = ASSAY_TASK_STAND_WARNING,
    };
    struct assay_slice payload;
    uint8_t *bytes = p->record.bytes;
    cr_assert_eq(assay_task_offer_encode(&offer, bytes, 1024, &payload), ASSAY_OK);
    (void)assay_registry_apply(p->live, slot, p->record.node, ASSAY_SERVICE_TASK_OFFER, payload,
                               NULL);
    kit_sign_open(p->world.chain_id, &p->world.key[40], &open);
    assay_task_open_statement(p->world.chain_id, &open, name);
    cr_assert_eq(assay_task_open_encode(&open, bytes, 1024, &payload), ASSAY_OK);
    cr_assert_str_eq(assay_registry_apply(p->live, 9, p->record.node, ASSAY_SERVICE_TASK_OPEN,
                                          payload, p->facts),
                     "applied");
    cr_assert_eq(p->facts->task_count, 1);
    cr_assert_eq(p->facts->task[0].kind, ASSAY_TASK_OPENED);
}

static const char *accept_of(struct pair *p, uint32_t slot, const uint8_t name[static 32])
{
    struct assay_task_accept accept = { .account = { 1 } };
    struct assay_slice payload;
    assay_bytes_copy(accept.task, 32, name, 32);
    cr_assert_eq(assay_task_accept_encode(&accept, p->record.bytes, 1024, &payload), ASSAY_OK);
    return assay_registry_apply(p->live, slot, p->record.node, ASSAY_SERVICE_TASK_ACCEPT, payload,
                                p->facts);
}

Test(registry, another_member_in_a_slot_is_not_paid_for_the_work_of_the_old_one)
{
    struct pair *p = pair_of(1);
    const struct assay_task_ledger *ledger = assay_registry_tasks(p->live);
    uint8_t taken[32], waits[32];
    uint64_t balance = 0, sequence = 0;
    close_full(p, WORLD_MEMBERS);
    task_of(p, 4, 0, taken);
    cr_assert_str_eq(accept_of(p, 4, taken), "applied");
    task_of(p, 4, 1, waits);
    close_full(p, 4);
    cr_expect_eq(assay_task_ledger_find_offer(ledger, 4), NULL);
    cr_expect(assay_task_ledger_find_task(ledger, taken)->failed);
    cr_expect_eq(assay_task_ledger_find_task(ledger, waits)->end, ASSAY_TASK_END_CLOSED);
    cr_expect_str_eq(accept_of(p, 4, waits), "gone");
    cr_expect(assay_task_ledger_get_balance(ledger, p->world.key[40].account, &balance, &sequence));
    cr_expect_eq(balance, 100000 - 15 - 20, "what waited went back; the other is locked");
    cr_expect_eq(p->received[0].count, 2);
    for (uint32_t i = 0; i < 4; i++)
        close_full(p, WORLD_MEMBERS);
    cr_expect_eq(assay_task_ledger_find_task(ledger, taken)->end, ASSAY_TASK_END_CLOSED);
    cr_expect(assay_task_ledger_get_balance(ledger, p->world.key[40].account, &balance, &sequence));
    cr_expect_eq(balance, 100000, "all of it came back, without a word, and nobody had rent");
    pair_free(p);
}

/* Returns: whether what was signed is good; if so, nothing of it can be another. */
static bool names_its_view(struct pair *p, const struct registry_record *m)
{
    const struct assay_registry_plan *plan = &p->world.plan;
    struct assay_cont_table_record table;
    uint8_t bytes[ASSAY_CONT_RECORD_MAX];
    struct assay_slice payload;
    if (assay_registry_check_record(plan, p->world.chain_id, m->kind, m->payload) != ASSAY_OK)
        return false;
    cr_assert_eq(assay_cont_table_record_decode(m->payload, &table), ASSAY_OK);
    for (uint32_t what = 0; what < 3; what++) {
        struct assay_cont_table_record other = table;
        if (what == 0) other.roster.contact[table.roster.count - 1][31] ^= 1;
        if (what == 1) other.roster.key[0][0] ^= 1;
        if (what == 2) other.roster.view++;
        cr_assert_eq(assay_cont_table_record_encode(&other, bytes, sizeof bytes, &payload),
                     ASSAY_OK);
        cr_assert_eq(assay_registry_check_record(plan, p->world.chain_id, m->kind, payload),
                     ASSAY_E_SIGNATURE, "%u", what);
    }
    return true;
}

/* docs/services.md 1.9.7: a TABLE record binds the keys and addresses of the next view. */
Test(registry, a_table_names_keys_and_contacts_of_its_view)
{
    uint32_t tables = 0;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct pair *p = pair_of(seed);
        for (uint32_t step = 0; step < 400; step++) {
            const struct registry_record *m = &p->record;
            if (step % 24 == 0) pair_close_epoch(p);
            (void)pair_apply(p);
            if (m->kind == ASSAY_SERVICE_TABLE) tables += names_its_view(p, m);
        }
        pair_free(p);
    }
    cr_expect_gt(tables, 3);
}

/* --- documents of a plan */

Test(registry, documents_have_names_in_a_fixed_order)
{
    struct pair *p = pair_of(1);
    static const char *const names[] = { "group/a",  "group/a/1", "group/b", "group/b/1",
                                         "shares/0", "shares/1",  "shares/2",
                                         "tasks" };
    char name[80];
    cr_assert_eq(assay_registry_documents(&p->world.plan), 8);
    for (uint32_t i = 0; i < 8; i++) {
        assay_registry_document_name(&p->world.plan, i, name);
        cr_expect_str_eq(name, names[i]);
    }
    p->world.plan.group[0].instances_max = ASSAY_CONT_INSTANCES_MAX;
    assay_registry_document_name(&p->world.plan, 10, name);
    cr_expect_str_eq(name, "group/a/10");
    assay_registry_document_name(&p->world.plan, 11, name);
    cr_expect_str_eq(name, "group/b");
    p->world.plan.has_shares = false;
    p->world.plan.group_count = 0;
    cr_assert_eq(assay_registry_documents(&p->world.plan), 1);
    assay_registry_document_name(&p->world.plan, 0, name);
    cr_expect_str_eq(name, "tasks");
    pair_free(p);
}

/* Where services are added, documents of the others keep their order (docs/protocol.md 12.7.4). */
Test(registry, documents_of_a_plan_are_found_in_the_plan_before)
{
    struct assay_registry_plan before = { .group_count = 1, .has_shares = true, .has_tasks = true };
    struct assay_registry_plan after;
    char name[80], was[80];
    before.group[0].name[0] = 'a';
    before.group[0].instances_max = 3000;
    before.shares.ids_max = ASSAY_SHARE_IDS_MAX;
    after = before;
    after.group_count = 3;
    after.group[1].name[0] = 'b';
    after.group[1].instances_max = 1;
    after.group[2].name[0] = 'c';
    after.group[2].instances_max = 1025;
    for (unsigned without = 0; without < 4; without++) {
        before.has_shares = (without & 1) == 0;
        before.has_tasks = (without & 2) == 0;
        uint32_t found = 0;
        for (uint32_t i = 0; i < assay_registry_documents(&after); i++) {
            const uint32_t at = assay_registry_document_before(&before, &after, i);
            cr_expect_eq(assay_registry_document_before(NULL, &after, i),
                         ASSAY_REGISTRY_DOCUMENTS_MAX);
            if (at == ASSAY_REGISTRY_DOCUMENTS_MAX) continue;
            found++;
            cr_assert_lt(at, assay_registry_documents(&before));
            assay_registry_document_name(&before, at, was);
            assay_registry_document_name(&after, i, name);
            cr_expect_str_eq(name, was);
        }
        cr_expect_eq(found, assay_registry_documents(&before), "each of them, once");
    }
}

Test(registry, a_plan_at_its_limits_has_no_more_documents_than_are_foreseen)
{
    struct pair *p = pair_of(1);
    p->world.plan.group_count = ASSAY_PLAN_GROUPS_MAX;
    for (uint32_t i = 0; i < ASSAY_PLAN_GROUPS_MAX; i++)
        p->world.plan.group[i].instances_max = 5 * ASSAY_PLAN_PAGE_ROWS;
    p->world.plan.shares.ids_max = ASSAY_SHARE_IDS_MAX;
    cr_expect_eq(assay_registry_documents(&p->world.plan), 57);
    cr_expect_lt(assay_registry_documents(&p->world.plan), ASSAY_REGISTRY_DOCUMENTS_MAX);
    pair_free(p);
}

Test(registry, what_the_plan_has_not_is_no_part)
{
    struct pair *p = pair_of(1);
    cr_expect_eq(assay_registry_group(p->live, 2), NULL);
    cr_expect_not_null(assay_registry_group(p->live, 1));
    p->world.plan.has_shares = p->world.plan.has_tasks = false;
    struct assay_registry *r = registry_world_fresh(&p->world);
    cr_expect_eq(assay_registry_shares(r), NULL);
    cr_expect_eq(assay_registry_tasks(r), NULL);
    assay_registry_close_epoch(r, 1, p->world.member, WORLD_MEMBERS, p->facts, pair_told,
                               &p->received[0]);
    assay_registry_set_standing(r, 1, p->world.member, WORLD_MEMBERS);
    assay_registry_check(r);
    free(r);
    pair_free(p);
}
