/*
 * tests/bench/services/bench_registry.c - benchmark of the registry of services.
 *
 * Cost of the records of all services for the ledger: folded one by one, and stored as documents
 * when an epoch closes.
 *
 * The registry is as full as its plan permits: 4 groups of 10,240 instances, 4,096 ids in 8
 * clusters of 16 slots, 500 of them in a reshare by 8 dealers, 1,024 accounts, 512 tasks, 128
 * members that offer everything. Signatures in records are verified before (bench_continuity and
 * others measure that cost), and not here.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "services/registry/registry.h"
#include "tests/support/stopwatch.h"

#include <stdlib.h>

enum {
    MEMBERS = ASSAY_REGISTRY_SLOTS_MAX,
    K = ASSAY_SHARE_K_MAX,
    SLOTS = ASSAY_SHARE_SLOTS_MAX,
    INSTANCES = ASSAY_CONT_INSTANCES_MAX,
    GROUPS = ASSAY_PLAN_PAGES_MAX * ASSAY_PLAN_PAGE_ROWS / INSTANCES,
    PART = ASSAY_TASK_TASKS_MAX / ASSAY_TASK_QUOTA_PARTS, /* tasks that one account may have open */
};

struct full {
    struct assay_registry_plan plan;
    struct assay_registry *r, *other;
    struct assay_registry_facts *facts;
    struct assay_registry_member member[MEMBERS];
    uint64_t epoch;
    uint64_t sequence;
    uint32_t number;
    struct assay_share_list_record list;
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX];
    struct assay_slice payload;
    size_t session_len; /* a record that is refused */
    uint8_t session[ASSAY_CONT_RECORD_MAX];
    struct assay_cont_birth born[ASSAY_PLAN_GROUPS_MAX]; /* of the last instance of a group */
    size_t len[ASSAY_REGISTRY_DOCUMENTS_MAX];
    uint8_t *document[ASSAY_REGISTRY_DOCUMENTS_MAX];
    uint8_t digest[32];
};

static void must(bool it)
{
    ASSAY_ASSERT(it);
}

static void bytes_of(uint8_t tag, uint32_t number, uint8_t *bytes, size_t len)
{
    uint8_t seed[5] = { tag };
    struct assay_writer w = assay_writer_over(seed + 1, 4);
    assay_writer_u32be(&w, number);
    for (size_t at = 0; at < len; at += 32)
        assay_sha256(seed, sizeof seed, bytes + at);
}

static bool apply(struct full *f, uint32_t slot, enum assay_service_kind kind)
{
    uint8_t node[32];
    bytes_of('n', slot, node, 32);
    return assay_registry_apply(f->r, slot, node, kind, f->payload, f->facts)[1] == 'p';
}

static void close_epoch(struct full *f)
{
    assay_registry_close_epoch(f->r, ++f->epoch, f->member, MEMBERS, f->facts, NULL, NULL);
}

/* --- filling */

static struct assay_cont_contact contact_of(const struct assay_secret32 *seed,
                                            struct assay_cont_link *link)
{
    struct assay_cont_contact contact = { .address_len = ASSAY_CONT_ADDRESS_MAX };
    assay_cont_link_name(seed, link, &contact);
    for (size_t i = 0; i < ASSAY_CONT_ADDRESS_MAX; i++)
        contact.address[i] = 'a';
    return contact;
}

/* A P-256 key by its number. */
static struct assay_p256_signer *signer_of(uint8_t tag, uint32_t number,
                                           uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_secret32 secret;
    struct assay_p256_signer *signer = NULL;
    bytes_of(tag, number, secret.bytes, 32);
    must(assay_p256_public(&secret, key) == ASSAY_OK);
    must(assay_p256_signer_load(&secret, &signer) == ASSAY_OK);
    return signer;
}

static void signed_by(struct assay_p256_signer *signer, const uint8_t digest[static 32],
                      uint8_t *signature)
{
    must(assay_p256_sign(signer, digest, signature) == ASSAY_OK);
    assay_p256_signer_free(&signer);
}

static void replica(struct full *f, uint32_t group, uint32_t slot)
{
    struct assay_cont_replica_record record = { .group = group };
    struct assay_secret32 seed;
    const struct assay_cont_home home = { .group = group };
    uint8_t node[32], digest[32];
    struct assay_p256_signer *const signer = signer_of('r', slot, record.key);
    bytes_of('n', slot, node, 32);
    bytes_of('r', slot, seed.bytes, 32);
    record.contact = contact_of(&seed, &record.link);
    assay_cont_replica_statement(&home, node, &record, digest);
    assay_sodium_link_sign(&seed, digest, record.link.signature);
    signed_by(signer, digest, record.signature);
    must(assay_cont_replica_record_encode(&record, f->bytes, sizeof f->bytes, &f->payload) ==
         ASSAY_OK);
    must(apply(f, slot, ASSAY_SERVICE_REPLICA));
}

/* Instances of one key and another birth are as different as those of another key. */
static void session_of(struct full *f, uint32_t group, uint32_t instance,
                       const struct assay_cont_birth *birth, uint64_t number, uint32_t curve)
{
    struct assay_cont_session_record record = { .group = group,
                                                .birth = *birth,
                                                .expected = number };
    struct assay_secret32 seed;
    const struct assay_cont_home home = { .group = group };
    uint8_t node[32], digest[32];
    struct assay_p256_signer *const signer = signer_of('i', instance, record.instance_key);
    bytes_of('n', instance % MEMBERS, node, 32);
    bytes_of('s', curve, seed.bytes, 32);
    record.contact = contact_of(&seed, &record.link);
    assay_cont_session_statement(&home, node, &record, digest);
    assay_sodium_link_sign(&seed, digest, record.link.signature);
    signed_by(signer, digest, record.signature);
    must(assay_cont_session_record_encode(&record, f->bytes, sizeof f->bytes, &f->payload) ==
         ASSAY_OK);
}

/* As many as quotas allow of members that leave, and of those that take their slots, until there is
 * room for none. */
static void fill_rows(struct full *f, uint32_t group)
{
    struct assay_cont_birth birth = { .epoch = f->epoch };
    for (uint32_t i = 0; i < INSTANCES; i++) {
        session_of(f, group, i, &birth, 1, i);
        if (apply(f, i % MEMBERS, ASSAY_SERVICE_SESSION)) continue;
        for (uint32_t m = 0; m < MEMBERS; m++)
            f->member[m].renewed = true;
        close_epoch(f);
        for (uint32_t m = 0; m < MEMBERS; m++)
            f->member[m].renewed = false;
        birth.epoch = f->epoch;
        session_of(f, group, i, &birth, 1, i);
        must(apply(f, i % MEMBERS, ASSAY_SERVICE_SESSION));
    }
    f->born[group] = birth;
}

static void fill_groups(struct full *f)
{
    for (uint32_t g = 0; g < f->plan.group_count; g++)
        fill_rows(f, g);
    for (uint32_t g = 0; g < f->plan.group_count; g++)
        for (uint32_t i = 0; i < MEMBERS; i++)
            replica(f, g, i);
}

static struct assay_share_put_record put_of(uint32_t number)
{
    struct assay_share_put_record record = { .cluster = number % ASSAY_SHARE_CLUSTERS_MAX,
                                             .k = K,
                                             .reader_count = ASSAY_SHARE_READERS_MAX };
    bytes_of('O', number / ASSAY_SHARE_QUOTA_MIN, record.owner, sizeof record.owner);
    bytes_of('N', number, record.name, 32);
    bytes_of('D', number, record.digest, 32);
    for (uint32_t i = 0; i < ASSAY_SHARE_READERS_MAX; i++) {
        record.reader[i].kind = ASSAY_SHARE_READER_ACCOUNT;
        record.reader[i].name[0] = (uint8_t)i;
    }
    return record;
}

static void list_say(struct full *f, uint32_t slot, enum assay_service_kind kind)
{
    must(assay_share_list_record_encode(&f->list, f->bytes, sizeof f->bytes, &f->payload) ==
         ASSAY_OK);
    must(apply(f, slot, kind));
    f->list.count = 0;
}

/* Of all rows of a cluster, by its slot. */
static void have_all(struct full *f, uint32_t cluster, uint32_t slot)
{
    const struct assay_share_registry *s = assay_registry_shares(f->r);
    const uint32_t member = s->cluster[cluster].seat[slot].member;
    f->list.cluster = cluster;
    f->list.seating = s->cluster[cluster].seat[slot].seating;
    for (uint32_t i = 0; i < s->row_count; i++) {
        const struct assay_share_row *row = &s->row[s->order[i]];
        if (row->origin != cluster) continue;
        struct assay_share_line *line = &f->list.line[f->list.count++];
        *line = (struct assay_share_line){ .generation = 1, .attempt = row->attempt };
        assay_bytes_copy(line->id, 32, row->id, 32);
        assay_bytes_copy(line->digest, 32, row->digest, 32);
        if (f->list.count == ASSAY_SHARE_LIST_MAX) list_say(f, member, ASSAY_SERVICE_SHARE_HAVE);
    }
    if (f->list.count > 0) list_say(f, member, ASSAY_SERVICE_SHARE_HAVE);
}

static void ready(struct full *f, uint32_t cluster, uint32_t slot)
{
    const struct assay_share_registry *s = assay_registry_shares(f->r);
    struct assay_share_ready_record record = { .cluster = cluster,
                                               .slot = slot,
                                               .seating = s->cluster[cluster].seat[slot].seating,
                                               .count = s->synced_count };
    assay_share_registry_root(s, record.digest);
    must(assay_share_ready_record_encode(&record, f->bytes, sizeof f->bytes, &f->payload) ==
         ASSAY_OK);
    must(apply(f, s->cluster[cluster].seat[slot].member, ASSAY_SERVICE_SHARE_READY));
}

static void deal_all(struct full *f, uint32_t cluster, uint32_t slot)
{
    const struct assay_share_registry *s = assay_registry_shares(f->r);
    const uint32_t member = s->cluster[cluster].seat[slot].member;
    f->list.cluster = cluster;
    f->list.seating = s->cluster[cluster].seat[slot].seating;
    for (uint32_t i = 0; i < s->row_count; i++) {
        const struct assay_share_row *row = &s->row[s->order[i]];
        const struct assay_share_reshare *reshare = assay_share_registry_find_reshare(s, row);
        if (reshare == NULL || reshare->cluster != cluster || !(reshare->dealers >> slot & 1))
            continue;
        struct assay_share_line *line = &f->list.line[f->list.count++];
        *line = (struct assay_share_line){ .generation = reshare->generation,
                                           .attempt = reshare->attempt };
        assay_bytes_copy(line->id, 32, row->id, 32);
        line->digest[0] = (uint8_t)slot;
        if (f->list.count == ASSAY_SHARE_LIST_MAX) list_say(f, member, ASSAY_SERVICE_SHARE_DEAL);
    }
    if (f->list.count > 0) list_say(f, member, ASSAY_SERVICE_SHARE_DEAL);
}

static void fill_shares(struct full *f)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct assay_share_holder_record record = { .cluster = i % ASSAY_SHARE_CLUSTERS_MAX };
        const struct assay_secret32 seed = { { 1, (uint8_t)i } };
        bytes_of('h', i, record.key, sizeof record.key);
        bytes_of('n', i, record.node, 32);
        assay_sodium_link_pair(&seed, record.link);
        must(assay_share_holder_record_encode(&record, f->bytes, sizeof f->bytes, &f->payload) ==
             ASSAY_OK);
        must(apply(f, i, ASSAY_SERVICE_HOLDER));
    }
    /* While few members have a standing, authors may have enough ids to fill the table. */
    assay_registry_set_standing(f->r, f->epoch, f->member, 1);
    for (uint32_t i = 0; i < ASSAY_SHARE_IDS_MAX; i++) {
        struct assay_share_put_record record = put_of(i);
        record.birth.epoch = f->epoch;
        must(assay_share_put_record_encode(&record, f->bytes, sizeof f->bytes, &f->payload) ==
             ASSAY_OK);
        must(apply(f, i % MEMBERS, ASSAY_SERVICE_SHARE_PUT));
    }
    assay_registry_set_standing(f->r, f->epoch, f->member, MEMBERS);
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        for (uint32_t slot = 0; slot < SLOTS - 1; slot++) /* one is missing: it is reshared */
            have_all(f, c, slot);
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            ready(f, c, slot);
    close_epoch(f);
    must(assay_registry_shares(f->r)->reshare_count == ASSAY_SHARE_RESHARES_MAX);
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        for (uint32_t slot = 0; slot < SLOTS; slot++)
            deal_all(f, c, slot);
}

/* Of an account by its number. No signature is checked here, so any bytes are a key. */
static void key_of(uint32_t number, uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_writer w = assay_writer_over(key, 4);
    assay_bytes_zero(key, ASSAY_P256_PUBLIC_LEN);
    assay_writer_u32be(&w, number);
}

static void account_of(uint32_t number, uint8_t account[static 32])
{
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    key_of(number, key);
    assay_task_account(key, account);
}

static void transfer(struct full *f, uint32_t to, uint64_t amount)
{
    struct assay_task_transfer record = { .sequence = f->sequence++, .amount = amount };
    account_of(to, record.to);
    must(assay_task_transfer_encode(&record, f->bytes, sizeof f->bytes, &f->payload) == ASSAY_OK);
    must(apply(f, 0, ASSAY_SERVICE_TRANSFER));
}

static void fill_tasks(struct full *f)
{
    struct assay_task_offer offer = { .count = ASSAY_TASK_MEASUREMENTS_MAX,
                                      .price = UINT32_MAX,
                                      .hold = assay_task_hold_least(UINT32_MAX),
                                      .address_len = ASSAY_TASK_ADDRESS_MAX };
    for (uint32_t i = 1; i < ASSAY_TASK_ACCOUNTS_MAX; i++)
        transfer(f, i, UINT64_C(1) << 46);
    for (uint8_t i = 0; i < offer.count; i++)
        offer.code[i][0] = i;
    must(assay_task_offer_encode(&offer, f->bytes, sizeof f->bytes, &f->payload) == ASSAY_OK);
    for (uint32_t i = 0; i < MEMBERS; i++)
        must(apply(f, i, ASSAY_SERVICE_TASK_OFFER));
    for (uint32_t i = 0; i < ASSAY_TASK_TASKS_MAX; i++) {
        struct assay_task_open open = {
            .executor = i % MEMBERS,
            .price = UINT32_MAX,
            .hold = assay_task_hold_least(UINT32_MAX),
            .steps = 300,
            .deadline = 5000,
            .min_standing = ASSAY_TASK_STAND_FULL,
        };
        struct assay_task_accept accept = { 0 };
        uint8_t account[32];
        uint64_t balance = 0;
        key_of(1 + i / PART, open.key);
        account_of(1 + i / PART, account);
        must(assay_task_ledger_get_balance(assay_registry_tasks(f->r), account, &balance,
                                           &open.sequence));
        must(assay_task_open_encode(&open, f->bytes, sizeof f->bytes, &f->payload) == ASSAY_OK);
        must(apply(f, 0, ASSAY_SERVICE_TASK_OPEN));
        assay_bytes_copy(accept.task, 32, f->facts->task[0].task, 32);
        account_of(i, accept.account);
        must(assay_task_accept_encode(&accept, f->bytes, sizeof f->bytes, &f->payload) == ASSAY_OK);
        must(apply(f, i % MEMBERS, ASSAY_SERVICE_TASK_ACCEPT));
    }
}

static struct assay_registry *fresh(const struct full *f)
{
    static const uint8_t chain_id[32];
    const size_t len = assay_registry_size(&f->plan);
    struct assay_registry *r = NULL;
    void *memory = malloc(len);
    must(memory != NULL);
    must(assay_registry_init(memory, len, &f->plan, chain_id, &r) == ASSAY_OK);
    return r;
}

static void plan(struct full *f)
{
    f->plan.group_count = stopwatch_is_short() ? 1 : GROUPS;
    for (uint32_t i = 0; i < f->plan.group_count; i++) {
        f->plan.group[i].name[0] = (char)('a' + i);
        f->plan.group[i].size = ASSAY_CONT_SEATS_MAX;
        f->plan.group[i].instances_max = INSTANCES;
    }
    f->plan.has_shares = true;
    f->plan.shares.clusters = ASSAY_SHARE_CLUSTERS_MAX;
    f->plan.shares.slots = SLOTS;
    f->plan.shares.k = K;
    f->plan.shares.confirmations = SLOTS - 1;
    f->plan.shares.ids_max = ASSAY_SHARE_IDS_MAX;
    f->plan.has_tasks = true;
    f->plan.tasks.accounts_max = ASSAY_TASK_ACCOUNTS_MAX;
    f->plan.tasks.tasks_max = ASSAY_TASK_TASKS_MAX;
    f->plan.tasks.balance_count = 1;
    f->plan.tasks.balance[0].amount = INT64_MAX;
    account_of(0, f->plan.tasks.balance[0].account);
}

static struct full *make(void)
{
    struct full *f = calloc(1, sizeof *f);
    must(f != NULL);
    f->facts = malloc(sizeof *f->facts);
    must(f->facts != NULL);
    plan(f);
    f->r = fresh(f);
    f->other = fresh(f);
    for (uint32_t i = 0; i < MEMBERS; i++)
        f->member[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                       .score_bp = 10000,
                                                       .certified = true,
                                                       .operator_ = (uint8_t)i };
    for (uint32_t i = 0; i < ASSAY_TASK_CLOSED_EPOCHS; i++)
        close_epoch(f);
    fill_groups(f);
    fill_shares(f);
    fill_tasks(f);
    for (uint32_t i = 0; i < assay_registry_documents(&f->plan); i++) {
        f->document[i] = malloc(ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
        must(f->document[i] != NULL);
    }
    return f;
}

/* --- what is measured */

static void one_transfer(void *context)
{
    struct full *f = context;
    transfer(f, 1 + f->number++ % (ASSAY_TASK_ACCOUNTS_MAX - 1), 1);
}

/* The fold rejects it after all its checks. */
static void one_session(void *context)
{
    struct full *f = context;
    f->payload = assay_slice_over(f->session, f->session_len);
    must(!apply(f, (INSTANCES - 1) % MEMBERS, ASSAY_SERVICE_SESSION));
}

static void one_have(void *context)
{
    struct full *f = context;
    const struct assay_share_registry *s = assay_registry_shares(f->r);
    const struct assay_share_row *row = &s->row[f->number++ % s->row_count];
    struct assay_share_line *line = &f->list.line[0];
    f->list.count = 1;
    f->list.cluster = row->origin;
    *line = (struct assay_share_line){ .generation = 1, .attempt = row->attempt };
    assay_bytes_copy(line->id, 32, row->id, 32);
    assay_bytes_copy(line->digest, 32, row->digest, 32);
    must(assay_share_list_record_encode(&f->list, f->bytes, sizeof f->bytes, &f->payload) ==
         ASSAY_OK);
    must(!apply(f, s->cluster[row->origin].seat[0].member, ASSAY_SERVICE_SHARE_HAVE));
}

static void one_of_each(void *context)
{
    one_transfer(context);
    one_session(context);
    one_have(context);
}

static void encode_all(void *context)
{
    struct full *f = context;
    for (uint32_t i = 0; i < assay_registry_documents(&f->plan); i++) {
        struct assay_writer w = assay_writer_over(f->document[i], ASSAY_REGISTRY_DOCUMENT_LEN_MAX);
        must(assay_registry_encode(f->r, i, &w) == ASSAY_OK);
        f->len[i] = w.len;
    }
}

static void hash_all(void *context)
{
    struct full *f = context;
    for (uint32_t i = 0; i < assay_registry_documents(&f->plan); i++)
        assay_sha256(f->document[i], f->len[i], f->digest);
}

static void read_all(void *context)
{
    struct full *f = context;
    for (uint32_t i = 0; i < assay_registry_documents(&f->plan); i++)
        must(assay_registry_decode(f->other, i, assay_slice_over(f->document[i], f->len[i])) ==
             ASSAY_OK);
    assay_registry_set_standing(f->other, f->epoch, f->member, MEMBERS);
}

static void copy_all(void *context)
{
    struct full *f = context;
    assay_registry_copy(f->other, f->r);
}

static void close_one(void *context)
{
    struct full *f = context;
    close_epoch(f);
}

int main(void)
{
    struct full *f = make();
    size_t all = 0, longest = 0;
    printf("a full registry: %zu KiB of memory; processor time of one thread\n",
           assay_registry_size(&f->plan) / 1024);
    (void)stopwatch_best_us("fold", "TRANSFER", 500, one_transfer, f);
    const uint32_t last = f->plan.group_count - 1;
    session_of(f, last, INSTANCES - 1, &f->born[last], 2, INSTANCES - 1);
    assay_bytes_copy(f->session, sizeof f->session, f->payload.bytes, f->payload.len);
    f->session_len = f->payload.len;
    (void)stopwatch_best_us("fold", "SESSION", 500, one_session, f);
    (void)stopwatch_best_us("fold", "SHARE_HAVE of one id", 500, one_have, f);
    const double each =
        stopwatch_best_us("fold", "one of each, three records", 500, one_of_each, f);
    printf("%-13s%-33s %12s %10.0f /s\n", "fold", "records", "", 3e6 / each);
    (void)stopwatch_best_us("epoch", "all documents written", 5, encode_all, f);
    (void)stopwatch_best_us("epoch", "their SHA-256", 5, hash_all, f);
    for (uint32_t i = 0; i < assay_registry_documents(&f->plan); i++) {
        char name[80];
        assay_registry_document_name(&f->plan, i, name);
        printf("%-13s%-33s %9zu bytes\n", "document", name, f->len[i]);
        all += f->len[i];
        if (f->len[i] > longest) longest = f->len[i];
    }
    printf("%-13s%-33s %9zu bytes, the longest %zu\n", "document", "all", all, longest);
    (void)stopwatch_best_us("epoch", "all documents read and told", 5, read_all, f);
    (void)stopwatch_best_us("epoch", "copied for a branch", 5, copy_all, f);
    (void)stopwatch_best_us("epoch", "closed", 5, close_one, f);
    for (uint32_t i = 0; i < assay_registry_documents(&f->plan); i++)
        free(f->document[i]);
    free(f->r);
    free(f->other);
    free(f->facts);
    free(f);
    return 0;
}
