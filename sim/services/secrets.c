/*
 * sim/services/secrets.c - owners that put secrets, and readers that request them (docs/services.md
 * 5.5, 5.12, 5.14), as in net/services/shares/share_client.c.
 */
#include "sim/services/shares.h"

#include "base/crypto/model.h"

enum { SLOTS = ASSAY_SHARE_SLOTS_MAX, KNOCK_MS = 400, PATIENCE_EPOCHS = 3 };

/* --- identities */

static void make_secret(struct assay_sim_services *s, uint32_t number)
{
    struct secret *x = &s->shares->secret[number];
    uint8_t wide[ASSAY_SHARE_K_MAX * ASSAY_SODIUM_WIDE_LEN];
    x->random = services_stream(s, PROGRAM_OWNER, number);
    x->home = number % s->nodes;
    x->cluster = number % s->load->share_clusters;
    services_key(&x->random, &x->owner, x->owner_key);
    services_bytes(&x->random, x->name, sizeof x->name);
    services_bytes(&x->random, wide, sizeof wide);
    assay_share_id(x->owner_key, x->name, x->id);
    const enum assay_status status =
        assay_share_deal(s->load->share_k, wide, &x->polynomial, &x->commitments);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_share_commitments_digest(&x->commitments, x->digest);
}

void secrets_open(struct assay_sim_services *s)
{
    s->shares->random = services_stream(s, PROGRAM_READER, 0);
    for (uint32_t i = 0; i < SECRETS; i++)
        make_secret(s, i);
}

static void account_of(const struct secret *x, uint8_t name[static 32])
{
    assay_sha256(x->owner_key, sizeof x->owner_key, name);
}

static void start_reading(struct assay_sim_services *s, struct assay_sim_random *random)
{
    struct shares *h = s->shares;
    const uint32_t number = (uint32_t)assay_sim_random_below(random, s->load->secrets);
    const uint32_t home = (uint32_t)assay_sim_random_below(random, s->nodes);
    for (uint32_t i = 0; i < READS; i++) {
        struct reading *r = &h->reading[i];
        if (r->under_way) continue;
        *r = (struct reading){ .under_way = true, .secret = number, .home = home,
                               .number = ++h->readings, .until_epoch = UINT64_MAX };
        return;
    }
}

void secrets_epoch(struct assay_sim_services *s)
{
    struct assay_sim_random random = services_stream(s, PROGRAM_READER, 1000 + s->epoch);
    if (!services_is_on(s)) return;
    for (uint32_t i = 0; i < s->load->secrets && i < s->epoch; i++)
        s->shares->secret[i].wanted = true;
    for (uint32_t i = 0; i < s->load->secret_reads; i++)
        start_reading(s, &random);
}

/* --- frames to holders */

static void send_frame(struct assay_sim_services *s, enum program program, uint32_t index,
                       uint32_t life, uint32_t home, uint32_t cluster, uint32_t slot, uint8_t word,
                       const struct secret *x, struct assay_slice bytes)
{
    const struct assay_share_seat *seat = &shares_ledger(s, home)->cluster[cluster].seat[slot];
    const struct name from = { program, index, life, home };
    struct assay_writer w = assay_writer_over(s->shares->bytes, sizeof s->shares->bytes);
    uint8_t name[32];
    account_of(x, name);
    assay_writer_u8(&w, word);
    assay_writer_put(&w, name, 32);
    assay_writer_put(&w, bytes.bytes, bytes.len);
    ASSAY_ASSERT(!w.full);
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct holder_host *k = &s->shares->holder[i];
        const struct name to = { PROGRAM_HOLDER, i, k->life, 0 };
        if (!assay_bytes_equal(k->key, seat->key, sizeof k->key)) continue;
        services_send(s, &from, home, &to, i, assay_slice_over(s->shares->bytes, w.len));
        return;
    }
}

static struct assay_share_terms terms_of(const struct assay_sim_services *s, uint32_t home,
                                         const struct secret *x, enum assay_share_purpose purpose,
                                         uint32_t cluster, uint32_t slot)
{
    const struct assay_share_registry *r = shares_ledger(s, home);
    const struct assay_share_epoch epoch = shares_epoch(s, home);
    const uint32_t member = r->cluster[cluster].seat[slot].member;
    struct assay_share_side holder = { .cluster = cluster, .slot = slot }, own = holder;
    if (member < ASSAY_SHARE_MEMBERS_MAX)
        assay_bytes_copy(holder.node, 32, r->member[member].node, 32);
    account_of(x, own.node);
    struct assay_share_terms terms = {
        .home = r->config.home, .era = epoch.era, .epoch = epoch.epoch, .purpose = purpose,
        .taker = purpose == ASSAY_SHARE_HAND ? holder : own,
        .giver = purpose == ASSAY_SHARE_HAND ? own : holder,
        .taker_proves = purpose == ASSAY_SHARE_HAND,
    };
    assay_bytes_copy(terms.beacon, 32, epoch.beacon, 32);
    return terms;
}

/* --- owners */

static void submit_put(struct assay_sim_services *s, struct secret *x)
{
    const struct assay_share_registry *r = shares_ledger(s, x->home);
    struct assay_share_put_record record = { .cluster = x->cluster, .k = s->load->share_k,
                                             .birth = { r->era, r->epoch },
                                             .reader_count = 1 };
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX], digest[32];
    struct assay_slice out;
    if (services_now(s) < x->put_at_ms) return;
    x->put_at_ms = services_now(s) + AGAIN_MS;
    assay_bytes_copy(record.owner, sizeof record.owner, x->owner_key, sizeof x->owner_key);
    assay_bytes_copy(record.name, 32, x->name, 32);
    assay_bytes_copy(record.digest, 32, x->digest, 32);
    assay_bytes_copy(record.payload, 32, x->name, 32); /* every payload differs */
    record.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    account_of(x, record.reader[0].name);
    assay_share_put_statement(&r->config.home, &record, digest);
    assay_model_sign(x->owner.bytes, digest, record.signature);
    const enum assay_status status =
        assay_share_put_record_encode(&record, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, x->home, ASSAY_SERVICE_SHARE_PUT, out);
}

static void owner_turn(struct assay_sim_services *s, uint32_t number)
{
    struct secret *x = &s->shares->secret[number];
    const struct assay_share_registry *r = shares_ledger(s, x->home);
    if (!x->wanted) return;
    const struct assay_share_row *row = assay_share_registry_find(r, x->id);
    if (row == NULL) {
        if (services_is_on(s) && r->cluster[x->cluster].seated) submit_put(s, x);
        return;
    }
    for (uint32_t slot = 0; slot < r->config.slots && !row->synced; slot++) {
        struct outside *o = &x->with[slot];
        if (services_now(s) < o->again_at_ms || (row->have[x->cluster] >> slot & 1) != 0) continue;
        o->again_at_ms = services_now(s) + KNOCK_MS;
        send_frame(s, PROGRAM_OWNER, number * SLOTS + slot, 0, x->home, x->cluster, slot,
                   SECRET_HAND, x, assay_slice_over(x->id, 32));
    }
}

static enum assay_status answer_holder(struct assay_sim_services *s, struct secret *x,
                                       struct outside *o, uint32_t slot,
                                       struct assay_share_want *want)
{
    const struct assay_share_row *row =
        assay_share_registry_find(shares_ledger(s, x->home), x->id);
    if (row == NULL) return ASSAY_E_NOT_FOUND;
    if (row->gone >> slot & 1) return ASSAY_E_STRANGER;
    struct assay_share_piece piece = { .generation = 1, .attempt = row->attempt,
                                       .commitments = x->commitments };
    struct assay_secret32 seed;
    struct assay_writer w = assay_writer_over(s->shares->gift, sizeof s->shares->gift);
    assay_bytes_copy(piece.id, 32, x->id, 32);
    ASSAY_TRY(assay_share_of(&x->polynomial, slot, &piece.share));
    services_bytes(&x->random, seed.bytes, sizeof seed.bytes);
    assay_writer_u16be(&w, 1);
    assay_share_piece_encode(&w, &piece);
    return assay_share_exchange_give(&o->x, assay_slice_over(s->shares->gift, w.len), &seed,
                                     s->shares->scratch, s->shares->room,
                                     sizeof s->shares->room, want);
}

static void owner_receive(struct assay_sim_services *s, uint32_t index, struct assay_slice bytes)
{
    struct secret *x = &s->shares->secret[index / SLOTS];
    const uint32_t slot = index % SLOTS;
    struct outside *o = &x->with[slot];
    struct assay_share_message m;
    struct assay_share_want want = { 0 };
    uint8_t nonce[32];
    enum assay_status status = assay_share_message_decode(bytes, &m);
    ASSAY_ASSERT(status == ASSAY_OK); /* holders send nothing else */
    if (m.kind == ASSAY_SHARE_ASK) {
        const struct assay_share_terms terms =
            terms_of(s, x->home, x, ASSAY_SHARE_HAND, x->cluster, slot);
        services_bytes(&x->random, nonce, sizeof nonce);
        status = assay_share_exchange_answer(&o->x, &terms, &m, nonce, services_now(s),
                                             s->shares->room, sizeof s->shares->room, &want);
        o->under_way = status == ASSAY_OK;
    } else {
        status = o->under_way ? assay_share_exchange_on_message(&o->x, &m, s->shares->room,
                                                             sizeof s->shares->room, &want)
                              : ASSAY_E_STALE;
    }
    if (status == ASSAY_OK && want.action == ASSAY_SHARE_WANT_VERIFY) {
        if (!shares_evidence_is(s, x->home, want.bytes, want.report_data, o->x.terms.taker.node))
            return;
        status = assay_share_exchange_on_verified(&o->x, s->shares->room, sizeof s->shares->room,
                                               &want);
    }
    if (status == ASSAY_OK && want.action == ASSAY_SHARE_WANT_GIVE)
        status = answer_holder(s, x, o, slot, &want);
    if (status == ASSAY_OK && want.action == ASSAY_SHARE_WANT_SEND)
        send_frame(s, PROGRAM_OWNER, index, 0, x->home, x->cluster, slot, SECRET_MESSAGE, x,
                   want.bytes);
}

/* --- readers */

static void make_read(struct assay_sim_services *s, struct reading *r)
{
    struct secret *x = &s->shares->secret[r->secret];
    struct assay_secret32 box_secret;
    uint8_t digest[32];
    struct assay_share_read_record *read = &r->record;
    services_bytes(&s->shares->random, r->seed.bytes, 32);
    services_bytes(&s->shares->random, read->nonce, 32);
    assay_sodium_box_pair(&r->seed, &box_secret, read->box);
    assay_bytes_copy(read->id, 32, x->id, 32);
    assay_bytes_copy(read->key, sizeof read->key, x->owner_key, sizeof x->owner_key);
    read->reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    account_of(x, read->reader.name);
    assay_share_read_statement(&shares_ledger(s, r->home)->config.home, read, digest);
    assay_model_sign(x->owner.bytes, digest, read->signature);
}

static void submit_read(struct assay_sim_services *s, struct reading *r)
{
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice out;
    if (services_now(s) < r->submit_at_ms) return;
    if (r->submit_at_ms == 0) make_read(s, r);
    r->submit_at_ms = services_now(s) + AGAIN_MS;
    const enum assay_status status =
        assay_share_read_record_encode(&r->record, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    services_submit(s, r->home, ASSAY_SERVICE_SHARE_READ, out);
}

void secrets_final(struct assay_sim_services *s, uint32_t node, enum assay_service_kind kind,
                   struct assay_slice payload)
{
    struct assay_share_read_record record;
    if (kind != ASSAY_SERVICE_SHARE_READ ||
        assay_share_read_record_decode(payload, &record) != ASSAY_OK)
        return;
    for (uint32_t i = 0; i < READS; i++) {
        struct reading *r = &s->shares->reading[i];
        if (r->under_way && r->home == node && r->submit_at_ms > 0 &&
            assay_bytes_equal(r->record.nonce, record.nonce, 32))
            r->is_final = true;
    }
}

/* Shares of two generations do not combine. */
static void check_generation(struct reading *r, const struct assay_share_row *row)
{
    if (r->generation == row->generation && r->attempt == row->attempt) return;
    r->generation = row->generation;
    r->attempt = row->attempt;
    r->cluster = row->origin;
    r->has = 0;
    for (uint32_t i = 0; i < SLOTS; i++)
        r->with[i].under_way = false;
}

static void combine_shares(struct assay_sim_services *s, struct reading *r)
{
    uint32_t slot[ASSAY_SHARE_K_MAX], count = 0;
    struct assay_secret32 share[ASSAY_SHARE_K_MAX], secret;
    for (uint32_t i = 0; i < SLOTS && count < s->load->share_k; i++) {
        if ((r->has >> i & 1) == 0) continue;
        slot[count] = i;
        share[count++] = r->piece[i].share;
    }
    if (count < s->load->share_k) return;
    const enum assay_status status = assay_share_combine(count, slot, share, &secret);
    ASSAY_ASSERT(status == ASSAY_OK);
    audit_read(s, &s->shares->secret[r->secret], &secret);
    r->under_way = false;
}

static void request_share(struct assay_sim_services *s, struct reading *r, uint32_t place,
                          uint32_t slot)
{
    const struct secret *x = &s->shares->secret[r->secret];
    struct outside *o = &r->with[slot];
    struct assay_share_want want;
    const struct assay_share_terms terms =
        terms_of(s, r->home, x, ASSAY_SHARE_LET, r->cluster, slot);
    o->again_at_ms = services_now(s) + KNOCK_MS;
    const enum assay_status status = assay_share_exchange_ask(
        &o->x, &terms, x->id, 1, r->record.nonce, &r->seed, services_now(s), s->shares->room,
        sizeof s->shares->room, &want);
    ASSAY_ASSERT(status == ASSAY_OK && want.action == ASSAY_SHARE_WANT_SEND);
    o->under_way = true;
    send_frame(s, PROGRAM_READER, place * SLOTS + slot, r->number, r->home, r->cluster, slot,
               SECRET_MESSAGE, x, want.bytes);
}

static void reader_turn(struct assay_sim_services *s, uint32_t place)
{
    struct reading *r = &s->shares->reading[place];
    const struct assay_share_registry *ledger = shares_ledger(s, r->home);
    const struct assay_share_row *row =
        assay_share_registry_find(ledger, s->shares->secret[r->secret].id);
    const uint64_t epoch = s->follower[r->home].feed.epoch;
    if (r->until_epoch == UINT64_MAX) r->until_epoch = epoch + PATIENCE_EPOCHS;
    if (epoch > r->until_epoch || row == NULL || !row->synced) {
        r->under_way = false; /* other holders are asked */
        return;
    }
    if (!r->is_final) {
        submit_read(s, r);
        return;
    }
    check_generation(r, row);
    combine_shares(s, r);
    for (uint32_t slot = 0; slot < ledger->config.slots && r->under_way; slot++) {
        const bool keeps = (row->have[r->cluster] >> slot & 1) != 0;
        if (keeps && (r->has >> slot & 1) == 0 && services_now(s) >= r->with[slot].again_at_ms)
            request_share(s, r, place, slot);
    }
}

/* Returns: whether it is the share of this slot, of the ledger's generation. */
static bool is_share(const struct assay_share_row *row, uint32_t slot,
                     const struct assay_share_piece *piece)
{
    uint8_t digest[32];
    if (row == NULL || piece->generation != row->generation || piece->attempt != row->attempt ||
        !assay_bytes_equal(piece->id, row->id, 32))
        return false;
    assay_share_commitments_digest(&piece->commitments, digest);
    return assay_bytes_equal(digest, row->digest, 32) &&
           assay_share_verify(&piece->commitments, slot, &piece->share) == ASSAY_OK;
}

static void take_share(struct assay_sim_services *s, struct reading *r, uint32_t slot,
                       const struct assay_share_message *m)
{
    struct outside *o = &r->with[slot];
    struct assay_slice bytes;
    struct assay_share_gift gift;
    const struct assay_share_row *row =
        assay_share_registry_find(shares_ledger(s, r->home), s->shares->secret[r->secret].id);
    o->under_way = false;
    if (assay_share_exchange_open(&o->x, m, s->shares->room, &bytes) != ASSAY_OK ||
        assay_share_gift_open(bytes, ASSAY_SHARE_LET, &gift, NULL) != ASSAY_OK || gift.count != 1 ||
        !assay_share_gift_next(&gift, &r->piece[slot], NULL))
        return;
    if (is_share(row, slot, &r->piece[slot])) r->has |= 1u << slot;
}

static void reader_receive(struct assay_sim_services *s, uint32_t index, uint32_t life,
                           struct assay_slice bytes)
{
    struct reading *r = &s->shares->reading[index / SLOTS];
    const uint32_t slot = index % SLOTS;
    struct outside *o = &r->with[slot];
    struct assay_share_message m;
    struct assay_share_want want = { 0 };
    if (!r->under_way || r->number != life || !o->under_way) return;
    enum assay_status status = assay_share_message_decode(bytes, &m);
    ASSAY_ASSERT(status == ASSAY_OK);
    status = assay_share_exchange_on_message(&o->x, &m, s->shares->room, sizeof s->shares->room,
                                          &want);
    if (status != ASSAY_OK) return;
    if (m.kind == ASSAY_SHARE_GIVE) {
        take_share(s, r, slot, &m);
        return;
    }
    if (want.action == ASSAY_SHARE_WANT_VERIFY) {
        if (!shares_evidence_is(s, r->home, want.bytes, want.report_data, o->x.terms.giver.node))
            return;
        status = assay_share_exchange_on_verified(&o->x, s->shares->room, sizeof s->shares->room,
                                               &want);
    }
    if (status == ASSAY_OK && want.action == ASSAY_SHARE_WANT_SEND)
        send_frame(s, PROGRAM_READER, index, r->number, r->home, r->cluster, slot, SECRET_MESSAGE,
                   &s->shares->secret[r->secret], want.bytes);
}

/* --- both */

void secrets_turn(struct assay_sim_services *s, uint32_t node)
{
    for (uint32_t i = 0; i < s->load->secrets; i++)
        if (s->shares->secret[i].home == node) owner_turn(s, i);
    for (uint32_t i = 0; i < READS; i++)
        if (s->shares->reading[i].under_way && s->shares->reading[i].home == node)
            reader_turn(s, i);
}

void secrets_receive(struct assay_sim_services *s, uint32_t node, const struct name *to,
                     struct assay_slice frame)
{
    if (!s->follower[node].begun) return;
    if (to->program == PROGRAM_OWNER) owner_receive(s, to->index, frame);
    else reader_receive(s, to->index, to->life, frame);
}
