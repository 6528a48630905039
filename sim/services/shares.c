/*
 * sim/services/shares.c - holders with their hosts (docs/services.md 5.11, 5.13), one on each node.
 * Vault, peer links and daemon of net/services/shares/holder_node.c are replaced by a modelled
 * disk, modelled links and modelled evidence.
 */
#include "sim/services/shares.h"
#include "services/shares/holder_effects.h"
#include "services/shares/holder_internal.h"

#include "base/crypto/model.h"

#include <stdlib.h>

enum { RECORD_BYTES = ASSAY_SHARE_RECORD_MAX, ANSWERS = 64, TICKS = 16 };

struct secret *shares_secret(struct shares *h, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < SECRETS; i++)
        if (assay_bytes_equal(h->secret[i].id, id, 32)) return &h->secret[i];
    return NULL;
}

const struct assay_share_registry *shares_ledger(const struct assay_sim_services *s, uint32_t node)
{
    return s->follower[node].begun ? assay_registry_shares(s->follower[node].registry) : NULL;
}

struct assay_share_epoch shares_epoch(const struct assay_sim_services *s, uint32_t node)
{
    const struct registry_follower *d = &s->follower[node];
    struct assay_share_epoch epoch = { .era = d->feed.last.era, .epoch = d->feed.last.epoch };
    assay_bytes_copy(epoch.beacon, 32, d->feed.last.beacon, 32);
    return epoch;
}

/* --- keys and disks */

static void host_random(void *context, uint8_t *bytes, size_t len)
{
    struct holder_host *k = context;
    services_bytes(&k->random, bytes, len);
}

static void host_sign(void *context, const uint8_t digest[static 32],
                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct holder_host *k = context;
    assay_model_sign(k->secret.bytes, digest, signature);
}

static void waiting_drop(struct waiting_record *r)
{
    free(r->bytes);
    *r = (struct waiting_record){ 0 };
}

static void forget_records(struct holder_host *k)
{
    for (uint32_t i = 0; i < PENDING; i++)
        waiting_drop(&k->waiting[i]);
    k->statements = (struct assay_share_statements){ 0 };
}

/* The process is gone, and its unsent frames with it. */
static void stop_process(struct holder_host *k)
{
    free(k->memory);
    k->memory = NULL;
    k->core = NULL;
    forget_records(k);
}

/* A new machine: it lists itself again, and has no slot. */
static void lose_disk(struct assay_sim_services *s, struct holder_host *k)
{
    stop_process(k);
    for (uint32_t i = 0; i < SECRETS; i++) {
        s->shares->secret[i].lost += k->disk[i].len > 0;
        k->disk[i].len = k->disk[i].pieces = 0;
    }
    k->keys_len = 0;
    k->life++;
    k->seen_epoch = k->seen_at = 0;
    k->list_at_ms = 0;
    k->random = services_stream(s, PROGRAM_HOLDER, (uint64_t)k->node << 32 | k->life);
    services_key(&k->random, &k->secret, k->key);
    services_bytes(&k->random, k->link.bytes, sizeof k->link.bytes);
}

void shares_open(struct assay_sim_services *s)
{
    if (s->load->share_clusters == 0) return;
    struct shares *h = calloc(1, sizeof *h);
    ASSAY_ASSERT(h != NULL);
    s->shares = h;
    for (uint32_t i = 0; i < s->nodes; i++) {
        h->holder[i] = (struct holder_host){ .node = i,
                                             .cluster = i % s->load->share_clusters,
                                             .is_liar = i + s->load->share_liars >= s->nodes };
        lose_disk(s, &h->holder[i]);
    }
    secrets_open(s);
}

void shares_plan(const struct assay_sim_services *s, struct assay_registry_plan *plan)
{
    const struct assay_sim_services_plan *l = s->load;
    if (s->shares == NULL) return;
    plan->has_shares = true;
    plan->shares.clusters = l->share_clusters;
    plan->shares.slots = l->share_slots;
    plan->shares.k = l->share_k;
    plan->shares.confirmations = l->share_k + 1 < l->share_slots ? l->share_k + 1 : l->share_slots;
    plan->shares.ids_max = SECRETS;
}

void shares_free(struct assay_sim_services *s)
{
    for (uint32_t i = 0; s->shares != NULL && i < s->nodes; i++)
        stop_process(&s->shares->holder[i]);
    free(s->shares);
}

void shares_die(struct assay_sim_services *s, uint32_t node)
{
    if (s->shares != NULL) stop_process(&s->shares->holder[node]);
}

void shares_epoch_begins(struct assay_sim_services *s)
{
    struct shares *h = s->shares;
    if (h == NULL) return;
    struct assay_sim_random random = services_stream(s, PROGRAM_HOLDER, 1000 + s->epoch);
    for (uint32_t i = 0; i < s->nodes; i++) {
        const bool dies = assay_sim_random_below(&random, 1000) < s->load->holders_die_permille;
        const bool loses = assay_sim_random_below(&random, 1000) < s->load->holders_lose_permille;
        if (!services_is_on(s)) continue;
        if (dies) stop_process(&h->holder[i]);
        if (loses) lose_disk(s, &h->holder[i]);
    }
    secrets_epoch(s);
}

/* --- effects of a holder, in order */

/* An older ledger would show the slot as another's, and shares as unassigned. */
static bool is_as_new(const struct registry_follower *d, const struct holder_host *k)
{
    return d->begun && (d->feed.epoch > k->seen_epoch ||
                        (d->feed.epoch == k->seen_epoch && d->feed.at >= k->seen_at));
}

static void record_position(const struct registry_follower *d, struct holder_host *k)
{
    ASSAY_ASSERT(is_as_new(d, k));
    k->seen_epoch = d->feed.epoch;
    k->seen_at = d->feed.at;
}

static uint32_t number_of(const struct shares *h, const struct secret *secret)
{
    return (uint32_t)(secret - h->secret);
}

/* A host during one execution of effects; answers of its daemon are passed when that is over. */
struct execution {
    struct assay_sim_services *s;
    struct holder_host *k;
    uint32_t answers;
    struct answer {
        uint64_t serial;
        uint8_t evidence[SHARE_EVIDENCE];
        bool quotes, good;
    } answer[ANSWERS];
};

static enum assay_status persist_row(void *context, const uint8_t id[static 32],
                                     struct assay_slice row)
{
    const struct execution *x = context;
    struct holder_host *k = x->k;
    if (assay_bytes_all_zero(id, 32)) { /* keys of the slot */
        assay_bytes_copy(k->keys, sizeof k->keys, row.bytes, row.len);
        k->keys_len = row.len;
        return ASSAY_OK;
    }
    const struct secret *secret = shares_secret(x->s->shares, id);
    ASSAY_ASSERT(secret != NULL);
    struct kept *to = &k->disk[number_of(x->s->shares, secret)];
    assay_bytes_copy(to->bytes, sizeof to->bytes, row.bytes, row.len);
    to->len = row.len;
    audit_row(x->s, k, number_of(x->s->shares, secret));
    return ASSAY_OK;
}

static enum assay_status erase_rows(void *context, const uint8_t *id)
{
    const struct execution *x = context;
    if (id == NULL) x->k->keys_len = 0;
    for (uint32_t i = 0; i < SECRETS; i++)
        if (id == NULL || assay_bytes_equal(x->s->shares->secret[i].id, id, 32))
            x->k->disk[i].len = x->k->disk[i].pieces = 0;
    return ASSAY_OK;
}

static enum assay_status commit_rows(void *context, bool rows)
{
    const struct execution *x = context;
    if (rows) record_position(&x->s->follower[x->k->node], x->k);
    return ASSAY_OK;
}

static struct holder_host *find_holder_host(struct assay_sim_services *s,
                                            const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    for (uint32_t i = 0; i < s->nodes; i++)
        if (assay_bytes_equal(s->shares->holder[i].key, key, ASSAY_P256_PUBLIC_LEN))
            return &s->shares->holder[i];
    return NULL;
}

/* A link of an outsider: its program, node and slot. */
static uint64_t link_of(const struct name *from, uint32_t node)
{
    return (uint64_t)from->program << 56 | (uint64_t)node << 48 | (uint64_t)from->life << 16 |
           from->index;
}

static void send_frame(void *context, const struct assay_share_effect *e)
{
    const struct execution *x = context;
    struct assay_sim_services *s = x->s;
    const struct holder_host *k = x->k;
    const struct name own = { PROGRAM_HOLDER, k->node, k->life, 0 };
    if (e->to_holder) {
        const struct holder_host *other = find_holder_host(s, e->key);
        if (other == NULL) return;
        if (k->node < s->load->share_starved || other->node < s->load->share_starved) return;
        const struct name to = { PROGRAM_HOLDER, other->node, other->life, 0 };
        services_send(s, &own, k->node, &to, other->node, e->bytes);
        return;
    }
    const struct name to = { (enum program)(e->link >> 56), (uint32_t)(e->link & 0xffff),
                             (uint32_t)(e->link >> 16 & 0xffffffff), 0 };
    services_send(s, &own, k->node, &to, (uint32_t)(e->link >> 48 & 0xff), e->bytes);
}

/* --- its queue of records: as net/services/server/record_queue.c, with fewer places */

static bool is_waiting(const struct waiting_record *r, enum assay_service_kind kind,
                       struct assay_slice payload)
{
    return r->len == payload.len && r->kind == kind &&
           assay_bytes_equal(r->bytes, payload.bytes, payload.len);
}

static enum assay_status waiting_add(void *context, enum assay_service_kind kind,
                                     struct assay_slice payload)
{
    struct holder_host *k = context;
    struct waiting_record *at = NULL;
    for (uint32_t i = 0; i < PENDING; i++) {
        if (is_waiting(&k->waiting[i], kind, payload)) return ASSAY_OK;
        if (k->waiting[i].len == 0 && at == NULL) at = &k->waiting[i];
    }
    if (at == NULL) return ASSAY_E_FULL;
    *at = (struct waiting_record){ .kind = kind, .len = payload.len, .bytes = malloc(payload.len) };
    ASSAY_ASSERT(at->bytes != NULL);
    assay_bytes_copy(at->bytes, payload.len, payload.bytes, payload.len);
    return ASSAY_OK;
}

static void waiting_clear_kind(void *context, enum assay_service_kind kind)
{
    struct holder_host *k = context;
    for (uint32_t i = 0; i < PENDING; i++)
        if (k->waiting[i].kind == kind) waiting_drop(&k->waiting[i]);
}

static size_t waiting_drop_over(void *context, assay_share_statement_is_over *is_over,
                                void *is_over_context)
{
    struct holder_host *k = context;
    size_t dropped = 0;
    for (uint32_t i = 0; i < PENDING; i++) {
        struct waiting_record *r = &k->waiting[i];
        if (r->len == 0 ||
            !is_over(is_over_context, r->kind, assay_slice_over(r->bytes, r->len), r->closes))
            continue;
        waiting_drop(r);
        dropped++;
    }
    return dropped;
}

static bool waiting_has_room(void *context)
{
    const struct holder_host *k = context;
    uint32_t count = 0;
    for (uint32_t i = 0; i < PENDING; i++)
        count += k->waiting[i].len > 0;
    return count <= PENDING / 2;
}

static struct assay_share_statement_queue statement_queue(struct holder_host *k)
{
    return (struct assay_share_statement_queue){ .context = k,
                                                 .add = waiting_add,
                                                 .clear_kind = waiting_clear_kind,
                                                 .drop = waiting_drop_over,
                                                 .has_room = waiting_has_room };
}

static enum assay_status submit_record(void *context, enum assay_share_payload payload,
                                       bool replaces, struct assay_slice bytes)
{
    struct holder_host *k = ((const struct execution *)context)->k;
    const struct assay_share_statement_queue queue = statement_queue(k);
    return assay_share_statements_submit(&k->statements, &queue, payload, replaces, bytes);
}

bool shares_evidence_is(const struct assay_sim_services *s, uint32_t at_node,
                        struct assay_slice evidence, const uint8_t report_data[static 64],
                        const uint8_t node_id[static 32])
{
    const struct registry_follower *d = &s->follower[at_node];
    return evidence.len == SHARE_EVIDENCE && evidence.bytes[64] < d->feed.last.members &&
           assay_bytes_equal(evidence.bytes, report_data, 64) &&
           assay_bytes_equal(d->feed.last.node_id[evidence.bytes[64]], node_id, 32);
}

static void request_from_daemon(void *context, const struct assay_share_effect *e)
{
    struct execution *x = context;
    if (x->answers == ANSWERS) return;
    struct answer *answer = &x->answer[x->answers++];
    *answer = (struct answer){ .quotes = e->act == ASSAY_SHARE_ACT_QUOTE, .serial = e->serial };
    assay_bytes_copy(answer->evidence, 64, e->report_data, 64);
    answer->evidence[64] = (uint8_t)x->k->node;
    answer->good = !answer->quotes && !e->measured &&
                   shares_evidence_is(x->s, x->k->node, e->bytes, e->report_data, e->node);
}

/* Executes the holder's effects; answers of the daemon lead to more effects. */
static void execute_effects(struct assay_sim_services *s, struct holder_host *k)
{
    const struct assay_share_epoch epoch = shares_epoch(s, k->node);
    struct execution x = { .s = s, .k = k };
    const struct assay_share_effects_world world = { .context = &x,
                                                     .persist = persist_row,
                                                     .erase = erase_rows,
                                                     .commit = commit_rows,
                                                     .submit = submit_record,
                                                     .send = send_frame,
                                                     .request = request_from_daemon };
    assay_share_holder_check(k->core);
    k->wake_at_ms = s->shares->effects.wake_at_ms;
    const enum assay_status status =
        assay_share_effects_execute(k->core, &s->shares->effects, &world);
    ASSAY_ASSERT(status == ASSAY_OK); /* modelled disks do not fail */
    for (uint32_t i = 0; i < x.answers; i++) {
        const struct answer *answer = &x.answer[i];
        if (answer->quotes)
            assay_share_holder_on_quote(k->core, shares_ledger(s, k->node), &epoch, answer->serial,
                                        assay_slice_over(answer->evidence, SHARE_EVIDENCE),
                                        services_now(s), &s->shares->effects);
        else
            assay_share_holder_on_verified(k->core, shares_ledger(s, k->node), &epoch,
                                           answer->serial, answer->good, services_now(s),
                                           &s->shares->effects);
        execute_effects(s, k);
    }
}

/* A lying holder stores a number that is no share, and deals and gives it. */
static void corrupt_shares(struct holder_host *k)
{
    for (uint32_t i = 0; i < k->core->count && k->is_liar; i++) {
        struct assay_share_piece *piece = &k->core->holding[i].current;
        if (k->core->holding[i].has &&
            assay_share_verify(&piece->commitments, k->core->slot, &piece->share) == ASSAY_OK)
            piece->share.bytes[0] ^= 1;
    }
}

/* --- the ledger */

static void start_process(struct assay_sim_services *s, struct holder_host *k)
{
    struct assay_share_holder_config config = {
        .host = { .context = k, .random = host_random, .sign = host_sign },
        .ids_max = SECRETS,
    };
    const size_t len = assay_share_holder_size(SECRETS);
    const struct assay_share_epoch epoch = shares_epoch(s, k->node);
    assay_bytes_copy(config.key, sizeof config.key, k->key, sizeof k->key);
    k->memory = malloc(len);
    ASSAY_ASSERT(k->memory != NULL);
    k->core = assay_share_holder_init(k->memory, len, &config);
    for (uint32_t i = 0; i < SECRETS; i++) {
        if (k->disk[i].len == 0) continue;
        const enum assay_status status =
            assay_share_holder_load(k->core, assay_slice_over(k->disk[i].bytes, k->disk[i].len));
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    if (k->keys_len > 0) {
        const enum assay_status status =
            assay_share_holder_load(k->core, assay_slice_over(k->keys, k->keys_len));
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    assay_share_holder_crawl(k->core, shares_ledger(s, k->node), &epoch, services_now(s),
                             &s->shares->effects);
    execute_effects(s, k);
}

static bool is_following(const struct assay_sim_services *s, const struct holder_host *k)
{
    return k->core != NULL && is_as_new(&s->follower[k->node], k);
}

void shares_fact(struct assay_sim_services *s, uint32_t node, const struct assay_share_facts *facts)
{
    if (s->shares == NULL) return;
    struct holder_host *k = &s->shares->holder[node];
    if (!is_following(s, k)) return;
    corrupt_shares(k);
    const struct assay_share_epoch epoch = shares_epoch(s, node);
    assay_share_holder_on_facts(k->core, shares_ledger(s, node), &epoch, facts, services_now(s),
                                &s->shares->effects);
    execute_effects(s, k);
}

/* Notifies it from the start: it checks its stored rows. */
void shares_on_restart(struct assay_sim_services *s, uint32_t node)
{
    if (s->shares == NULL) return;
    struct holder_host *k = &s->shares->holder[node];
    stop_process(k);
}

/* All that must be stated, from the ledger as it is now. */
static void restate(struct assay_sim_services *s, struct holder_host *k)
{
    const struct assay_share_statement_queue queue = statement_queue(k);
    const struct assay_share_epoch epoch = shares_epoch(s, k->node);
    assay_share_statements_restart(&k->statements, &queue);
    assay_share_holder_crawl(k->core, shares_ledger(s, k->node), &epoch, services_now(s),
                             &s->shares->effects);
    execute_effects(s, k);
}

void shares_node_closed(struct assay_sim_services *s, uint32_t node)
{
    if (s->shares == NULL) return;
    struct holder_host *k = &s->shares->holder[node];
    const struct registry_follower *d = &s->follower[node];
    if (node < d->feed.last.members && d->feed.last.member[node].renewed)
        lose_disk(s, k); /* another machine */
    k->wake_at_ms = 0;   /* exchanges of the epoch before are over */
    for (uint32_t i = 0; i < PENDING; i++)
        k->waiting[i].closes += k->waiting[i].len > 0;
    if (!is_following(s, k)) return;
    const struct assay_share_statement_queue queue = statement_queue(k);
    if (assay_share_statements_on_close(&k->statements, &queue, shares_ledger(s, node)))
        restate(s, k);
}

void shares_on_final_record(struct assay_sim_services *s, uint32_t node, uint32_t slot,
                            enum assay_service_kind kind, struct assay_slice payload)
{
    if (s->shares == NULL) return;
    secrets_final(s, node, kind, payload);
    if (slot != node) return;
    struct holder_host *k = &s->shares->holder[node];
    for (uint32_t i = 0; i < PENDING; i++)
        if (is_waiting(&k->waiting[i], kind, payload)) waiting_drop(&k->waiting[i]);
}

/* --- turns */

static void submit_listing(struct assay_sim_services *s, struct holder_host *k)
{
    const struct assay_share_registry *r = shares_ledger(s, k->node);
    struct assay_share_holder_record record = { .cluster = k->cluster };
    uint8_t bytes[512], digest[32];
    struct assay_slice out;
    const bool listed = assay_share_registry_has_listed(r, k->node, k->cluster, k->key);
    if (listed || services_now(s) < k->list_at_ms) return;
    k->list_at_ms = services_now(s) + AGAIN_MS;
    assay_bytes_copy(record.key, sizeof record.key, k->key, sizeof k->key);
    assay_bytes_copy(record.node, 32, s->follower[k->node].feed.last.node_id[k->node], 32);
    assay_sodium_link_pair(&k->link, record.link);
    record.address[0] = 'x';
    record.address_len = 1;
    assay_share_holder_statement(&r->config.home, &record, digest);
    assay_sodium_link_sign(&k->link, digest, record.link_signature);
    assay_model_sign(k->secret.bytes, digest, record.signature);
    const enum assay_status status =
        assay_share_holder_record_encode(&record, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, k->node, ASSAY_SERVICE_HOLDER, out);
}

static void resubmit_records(struct assay_sim_services *s, struct holder_host *k)
{
    for (uint32_t i = 0; i < PENDING; i++) {
        struct waiting_record *r = &k->waiting[i];
        if (r->len == 0 || services_now(s) < r->submit_at_ms) continue;
        r->submit_at_ms = services_now(s) + AGAIN_MS;
        services_submit(s, k->node, r->kind, assay_slice_over(r->bytes, r->len));
    }
}

static void complete_statements(struct assay_sim_services *s, struct holder_host *k)
{
    const struct assay_share_statement_queue queue = statement_queue(k);
    if (assay_share_statements_can_complete(&k->statements, &queue)) restate(s, k);
}

static void run_ticks(struct assay_sim_services *s, struct holder_host *k)
{
    for (uint32_t i = 0; i < TICKS && services_now(s) >= k->wake_at_ms; i++) {
        const struct assay_share_epoch epoch = shares_epoch(s, k->node);
        assay_share_holder_tick(k->core, shares_ledger(s, k->node), &epoch, services_now(s),
                                &s->shares->effects);
        execute_effects(s, k);
    }
}

void shares_turn(struct assay_sim_services *s, uint32_t node)
{
    if (s->shares == NULL) return;
    struct holder_host *k = &s->shares->holder[node];
    if (is_as_new(&s->follower[node], k)) {
        if (k->core == NULL) start_process(s, k);
        corrupt_shares(k);
        submit_listing(s, k);
        run_ticks(s, k);
        complete_statements(s, k);
        resubmit_records(s, k);
        audit_holder(s, k);
    }
    secrets_turn(s, node);
}

static void receive_from_holder(struct assay_sim_services *s, struct holder_host *k,
                                const struct name *from, struct assay_slice frame)
{
    struct assay_share_from party = { .holder = true };
    const struct holder_host *other = &s->shares->holder[from->index];
    if (other->life != from->life) return; /* a key that is gone */
    assay_bytes_copy(party.key, sizeof party.key, other->key, sizeof other->key);
    const struct assay_share_epoch epoch = shares_epoch(s, k->node);
    assay_status_ignore(assay_share_holder_on_message(k->core, shares_ledger(s, k->node), &epoch,
                                                      &party, frame, services_now(s),
                                                      &s->shares->effects),
                        "what is refused ends its exchange, and is asked for again");
    execute_effects(s, k);
}

/* An outsider's name is that of its program's node. */
static void holder_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                           const struct name *from, struct assay_slice frame)
{
    struct holder_host *k = &s->shares->holder[node];
    const struct assay_share_registry *r = shares_ledger(s, node);
    if (!is_following(s, k) || to->life != k->life) return;
    corrupt_shares(k);
    if (from->program == PROGRAM_HOLDER) {
        receive_from_holder(s, k, from, frame);
        return;
    }
    const uint32_t home = (uint32_t)from->session;
    struct assay_share_from party = { .link = link_of(from, home) };
    const struct assay_share_epoch epoch = shares_epoch(s, node);
    ASSAY_ASSERT(frame.len > 33);
    assay_bytes_copy(party.name, 32, frame.bytes + 1, 32);
    const struct assay_slice rest = assay_slice_over(frame.bytes + 33, frame.len - 33);
    s->shares->effects.count = 0;
    s->shares->effects.used = 0;
    s->shares->effects.wake_at_ms = k->wake_at_ms;
    const enum assay_status status =
        frame.bytes[0] == SECRET_HAND
            ? assay_share_holder_start_handover(k->core, r, &epoch, &party, rest.bytes,
                                                services_now(s), &s->shares->effects)
            : assay_share_holder_on_message(k->core, r, &epoch, &party, rest, services_now(s),
                                            &s->shares->effects);
    assay_status_ignore(status, "an outsider tries again");
    execute_effects(s, k);
}

void shares_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                    const struct name *from, struct assay_slice frame)
{
    if (to->program == PROGRAM_HOLDER) holder_receive(s, node, to, from, frame);
    else secrets_receive(s, node, to, frame);
}
