/*
 * services/identity/ceremony_holder.c - one holder's side of ceremonies: stored items, the order of
 * actions, erasure (docs/identity.md 3.11, 3.13, 3.16).
 */
#include "services/identity/ceremony_holder_internal.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/cursor.h"

void assay_ceremony_holder_init(struct assay_ceremony_holder *h,
                                const struct assay_ceremony_holder_config *config)
{
    ASSAY_ASSERT(config->random != NULL && config->dealing != NULL);
    ASSAY_ASSERT(config->address[sizeof config->address - 1] == '\0');
    *h = (struct assay_ceremony_holder){ .config = *config };
    assay_sodium_link_pair(&config->seed, h->key);
}

void assay_ceremony_holder_wipe(struct assay_ceremony_holder *h)
{
    assay_secret_wipe(h, sizeof *h);
}

void assay_ceremony_holder_set_entry(struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_entry *entry)
{
    ASSAY_ASSERT(entry->len <= sizeof entry->entry && entry->path_len <= ASSAY_CA_PATH_MAX);
    h->entry = *entry;
    h->contact_len = 0;
}

/* --- names */

bool ceremony_holder_is_name_equal(const struct assay_ceremony_name *a,
                                   const struct assay_ceremony_name *b)
{
    return a->era == b->era && a->ca_number == b->ca_number && a->generation == b->generation &&
           a->attempt == b->attempt;
}

struct assay_ceremony_name ceremony_holder_name(const struct assay_ca_scope *scope)
{
    return (struct assay_ceremony_name){ .era = scope->era,
                                         .generation = scope->generation,
                                         .attempt = scope->attempt,
                                         .ca_number = scope->ca_number };
}

bool ceremony_holder_scope(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                           struct assay_ca_scope *scope)
{
    return assay_ca_current_scope(ca, h->config.node_id, h->key, scope);
}

static struct assay_ceremony_attempt *find_attempt(struct assay_ceremony_holder *h,
                                                   const struct assay_ceremony_name *name)
{
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++)
        if (h->attempt[i].name.attempt != 0 &&
            ceremony_holder_is_name_equal(&h->attempt[i].name, name))
            return &h->attempt[i];
    return NULL;
}

static struct assay_ceremony_attempt *add_attempt(struct assay_ceremony_holder *h,
                                                  const struct assay_ceremony_name *name)
{
    struct assay_ceremony_attempt *a = find_attempt(h, name);
    for (uint32_t i = 0; a == NULL && i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++)
        if (h->attempt[i].name.attempt == 0) a = &h->attempt[i];
    if (a != NULL) a->name = *name;
    return a;
}

struct assay_ceremony_attempt *ceremony_holder_running(struct assay_ceremony_holder *h,
                                                       const struct assay_ca *ca)
{
    struct assay_ca_scope scope;
    if (!ceremony_holder_scope(h, ca, &scope)) return NULL;
    const struct assay_ceremony_name name = ceremony_holder_name(&scope);
    return find_attempt(h, &name);
}

const struct assay_ca_holder *ceremony_holder_own_row(const struct assay_ceremony_holder *h,
                                                      const struct assay_ca *ca,
                                                      const struct assay_ceremony_attempt *attempt)
{
    const struct assay_ca_sharing *next = &ca->ceremony.next;
    const uint32_t place = assay_ca_holder_of_node(next, h->config.node_id);
    if (attempt == NULL || !attempt->has_secret || place == UINT32_MAX) return NULL;
    const struct assay_ca_holder *row = &next->holder[place];
    return assay_bytes_equal(row->key, h->key, 32) &&
                   assay_bytes_equal(row->encryption, attempt->encryption, 32)
               ? row
               : NULL;
}

/* --- shares */

static bool is_free(const struct assay_ceremony_sharing *s)
{
    return s->count == 0;
}

const struct assay_ceremony_sharing *ceremony_holder_sharing_of(
    const struct assay_ceremony_holder *h, const struct assay_ceremony_name *name)
{
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++)
        if (!is_free(&h->sharing[i]) && ceremony_holder_is_name_equal(&h->sharing[i].name, name))
            return &h->sharing[i];
    return NULL;
}

/* A generation is its table: an era may have made another of the same number. */
static bool is_of(const struct assay_ceremony_sharing *own, uint32_t number,
                  const struct assay_ca_sharing *s)
{
    return !is_free(own) && s != NULL && s->generation > 0 && own->name.ca_number == number &&
           own->name.generation == s->generation && assay_bytes_equal(own->table, s->table, 32);
}

/* Of the active or the next number. */
static bool is_in_force(const struct assay_ceremony_sharing *s, const struct assay_ca *ca)
{
    return is_of(s, s->name.ca_number, assay_ca_sharing_of(ca, s->name.ca_number));
}

const struct assay_ceremony_sharing *ceremony_holder_in_force(const struct assay_ceremony_holder *h,
                                                              const struct assay_ca *ca,
                                                              uint32_t number)
{
    const struct assay_ca_sharing *s = assay_ca_sharing_of(ca, number);
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++)
        if (is_of(&h->sharing[i], number, s)) return &h->sharing[i];
    return NULL;
}

static const struct assay_ca_holder *row_in(const struct assay_ceremony_holder *h,
                                            const struct assay_ca_sharing *s)
{
    const uint32_t place = assay_ca_holder_of_node(s, h->config.node_id);
    return s->generation == 0 || place == UINT32_MAX ? NULL : &s->holder[place];
}

static const struct assay_ca_holder *row_in_force(const struct assay_ceremony_holder *h,
                                                  const struct assay_ca *ca)
{
    return row_in(h, &ca->force);
}

/* Where the ledger names the link key of this member's process. */
static const struct assay_ca_holder *row_of_contact(const struct assay_ceremony_holder *h,
                                                    const struct assay_ca *ca)
{
    const struct assay_ca_holder *row = row_in_force(h, ca);
    return row != NULL ? row : row_in(h, &ca->next.force);
}

enum assay_status assay_ceremony_holder_shares(
    const struct assay_ceremony_holder *h, const struct assay_ca *ca, uint32_t number,
    struct assay_secret32 share[static ASSAY_FROST_INDICES_MAX + 1])
{
    const struct assay_ceremony_sharing *own = ceremony_holder_in_force(h, ca, number);
    if (own == NULL) return ASSAY_E_NOT_FOUND;
    for (uint32_t i = 0; i < own->count; i++)
        share[own->index[i]] = own->share[i];
    return ASSAY_OK;
}

/* --- stored items */

struct assay_slice ceremony_holder_sharing_encode(const struct assay_ceremony_sharing *sharing,
                                                  uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX])
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CEREMONY_ITEM_MAX);
    assay_writer_put(&w, sharing->table, 32);
    assay_writer_u8(&w, (uint8_t)sharing->count);
    for (uint32_t i = 0; i < sharing->count; i++) {
        assay_writer_u8(&w, sharing->index[i]);
        assay_writer_put(&w, sharing->share[i].bytes, 32);
    }
    ASSAY_ASSERT(!w.full);
    return assay_slice_over(bytes, w.len);
}

static enum assay_status decode_shares(struct assay_cursor *c, struct assay_ceremony_sharing *s)
{
    uint8_t count;
    ASSAY_TRY(assay_cursor_copy(c, s->table, 32));
    ASSAY_TRY(assay_cursor_u8(c, &count));
    if (count == 0 || count > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_cursor_u8(c, &s->index[i]));
        ASSAY_TRY(assay_cursor_copy(c, s->share[i].bytes, 32));
        if (s->index[i] == 0 || s->index[i] > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
    }
    s->count = count;
    return assay_cursor_end(c);
}

static struct assay_ceremony_sharing *free_sharing(struct assay_ceremony_holder *h)
{
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++)
        if (is_free(&h->sharing[i])) return &h->sharing[i];
    return NULL;
}

static enum assay_status load_shares(struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_name *name,
                                     struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_ceremony_sharing *s = free_sharing(h);
    if (ceremony_holder_sharing_of(h, name) != NULL) return ASSAY_E_DUPLICATE;
    if (s == NULL) return ASSAY_E_FULL;
    const enum assay_status status = decode_shares(&c, s);
    s->name = *name;
    if (status != ASSAY_OK) assay_secret_wipe(s, sizeof *s);
    return status;
}

static enum assay_status decode_generation(struct assay_cursor *c,
                                           struct assay_ceremony_generation *g)
{
    ASSAY_TRY(assay_cursor_u32be(c, &g->ca_number));
    ASSAY_TRY(assay_cursor_u64be(c, &g->generation));
    ASSAY_TRY(assay_cursor_u64be(c, &g->era));
    return assay_cursor_copy(c, g->table, 32);
}

static void encode_generation(struct assay_writer *w, const struct assay_ceremony_generation *g)
{
    assay_writer_u32be(w, g->ca_number);
    assay_writer_u64be(w, g->generation);
    assay_writer_u64be(w, g->era);
    assay_writer_put(w, g->table, 32);
}

static enum assay_status load_age(struct assay_ceremony_holder *h, struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    ASSAY_TRY(decode_generation(&c, &h->age.of));
    ASSAY_TRY(decode_generation(&c, &h->age.before));
    ASSAY_TRY(assay_cursor_u64be(&c, &h->age.seen));
    ASSAY_TRY(assay_cursor_u32be(&c, &h->age.closes));
    h->age.is_stored = true;
    return assay_cursor_end(&c);
}

static void set_secret(struct assay_ceremony_attempt *a, const struct assay_secret32 *secret)
{
    a->secret = *secret;
    a->has_secret = assay_sodium_point_base(&a->secret, a->encryption) == ASSAY_OK;
}

static void set_record(struct assay_ceremony_attempt *a, enum assay_ceremony_record record,
                       uint32_t number)
{
    ASSAY_ASSERT(number <= ASSAY_FROST_INDICES_MAX);
    if (record == ASSAY_CEREMONY_OFFER) a->has_offer = true;
    if (record == ASSAY_CEREMONY_DEAL) a->has_deal[number] = true;
    if (record == ASSAY_CEREMONY_DISPUTE) a->has_dispute[number] = true;
    if (record == ASSAY_CEREMONY_HAVE) a->has_have = true;
    if (record == ASSAY_CEREMONY_TABLE) a->has_table = true;
}

enum assay_status assay_ceremony_holder_load(struct assay_ceremony_holder *h,
                                             const struct assay_ceremony_item *item,
                                             struct assay_slice bytes)
{
    if (item->kind == ASSAY_CEREMONY_AGE) return load_age(h, bytes);
    if (item->name.attempt == 0 || item->number > ASSAY_FROST_INDICES_MAX) return ASSAY_E_RANGE;
    if (item->kind == ASSAY_CEREMONY_SHARES) return load_shares(h, &item->name, bytes);
    struct assay_ceremony_attempt *a = add_attempt(h, &item->name);
    if (a == NULL) return ASSAY_E_FULL;
    if (item->kind == ASSAY_CEREMONY_RECORD) {
        set_record(a, item->record, item->number);
        return bytes.len > 0 ? ASSAY_OK : ASSAY_E_TRUNCATED;
    }
    struct assay_secret32 secret;
    if (item->kind != ASSAY_CEREMONY_SECRET || bytes.len != 32) return ASSAY_E_RANGE;
    assay_bytes_copy(secret.bytes, 32, bytes.bytes, 32);
    set_secret(a, &secret);
    assay_secret_wipe(&secret, sizeof secret);
    return a->has_secret ? ASSAY_OK : ASSAY_E_RANGE;
}

/* --- effects */

enum assay_status ceremony_holder_draw(const struct assay_ceremony_holder *h, uint8_t *bytes,
                                       size_t len)
{
    return h->config.random(h->config.context, bytes, len);
}

void ceremony_holder_sign(const struct assay_ceremony_holder *h, const uint8_t digest[static 32],
                          uint8_t signature[static ASSAY_SODIUM_SIGNATURE_LEN])
{
    assay_sodium_link_sign(&h->config.seed, digest, signature);
}

void ceremony_holder_store(struct assay_ceremony_holder *h, struct assay_ceremony_effect *out,
                           const struct assay_ceremony_name *name,
                           enum assay_ceremony_item_kind kind, enum assay_ceremony_record record,
                           uint32_t number, struct assay_slice bytes)
{
    ASSAY_ASSERT(!h->is_storing);
    out->action = ASSAY_CEREMONY_STORE;
    out->item = (struct assay_ceremony_item){
        .kind = kind, .name = *name, .record = record, .number = number
    };
    out->bytes = bytes;
    h->is_storing = true;
    h->storing = out->item;
}

void ceremony_holder_submit(struct assay_ceremony_effect *out,
                            const struct assay_ceremony_name *name,
                            enum assay_ceremony_record record, uint32_t number, bool *submitted)
{
    if (*submitted) return;
    *submitted = true;
    out->action = ASSAY_CEREMONY_SUBMIT;
    out->item = (struct assay_ceremony_item){
        .kind = ASSAY_CEREMONY_RECORD, .name = *name, .record = record, .number = number
    };
}

void assay_ceremony_holder_on_stored(struct assay_ceremony_holder *h)
{
    const struct assay_ceremony_item *item = &h->storing;
    ASSAY_ASSERT(h->is_storing);
    h->is_storing = false;
    if (item->kind == ASSAY_CEREMONY_AGE) {
        h->age.is_stored = true;
    } else if (item->kind == ASSAY_CEREMONY_SHARES) {
        struct assay_ceremony_sharing *s = free_sharing(h);
        ASSAY_ASSERT(s != NULL); /* _step checked it */
        *s = h->storing_sharing;
    } else {
        struct assay_ceremony_attempt *a = add_attempt(h, &item->name);
        ASSAY_ASSERT(a != NULL);
        if (item->kind == ASSAY_CEREMONY_SECRET) set_secret(a, &h->storing_secret);
        else set_record(a, item->record, item->number);
    }
    assay_secret_wipe(&h->storing_secret, sizeof h->storing_secret);
    assay_secret_wipe(&h->storing_sharing, sizeof h->storing_sharing);
}

void assay_ceremony_holder_on_erased(struct assay_ceremony_holder *h,
                                     const struct assay_ceremony_effect *effect)
{
    const struct assay_ceremony_name *name = &effect->item.name;
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++)
        if (effect->action == ASSAY_CEREMONY_ERASE &&
            ceremony_holder_is_name_equal(&h->attempt[i].name, name))
            assay_secret_wipe(&h->attempt[i], sizeof h->attempt[i]);
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++)
        if (effect->action == ASSAY_CEREMONY_ERASE_SHARES &&
            ceremony_holder_is_name_equal(&h->sharing[i].name, name))
            assay_secret_wipe(&h->sharing[i], sizeof h->sharing[i]);
}

/* --- erasure */

/* Returns: whether the ceremony of these items runs on the ledger. */
static bool is_running(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                       const struct assay_ceremony_name *name)
{
    struct assay_ca_scope scope;
    if (!ceremony_holder_scope(h, ca, &scope)) return false;
    const struct assay_ceremony_name running = ceremony_holder_name(&scope);
    return ceremony_holder_is_name_equal(&running, name);
}

static bool is_same_generation(const struct assay_ceremony_generation *a,
                               const struct assay_ceremony_generation *b)
{
    return a->ca_number == b->ca_number && a->generation == b->generation && a->era == b->era &&
           assay_bytes_equal(a->table, b->table, 32);
}

static struct assay_ceremony_generation generation_of(const struct assay_ceremony_sharing *s)
{
    struct assay_ceremony_generation g = { .era = s->name.era,
                                           .generation = s->name.generation,
                                           .ca_number = s->name.ca_number };
    assay_bytes_copy(g.table, 32, s->table, 32);
    return g;
}

static struct assay_ceremony_generation generation_in_force(const struct assay_ca *ca)
{
    struct assay_ceremony_generation g = { .era = ca->force.era,
                                           .generation = ca->force.generation,
                                           .ca_number = ca->ca_number };
    assay_bytes_copy(g.table, 32, ca->force.table, 32);
    return g;
}

/* Returns: whether the number of `a` follows that of `b`. */
static bool is_newer(const struct assay_ceremony_generation *a,
                     const struct assay_ceremony_generation *b)
{
    return a->ca_number > b->ca_number ||
           (a->ca_number == b->ca_number && a->generation > b->generation);
}

/* Returns: whether shares are of a generation that a newer era does not have. Of an older era it
 * has for certain what precedes the generation in force in that generation's own era, and what this
 * holder saw in force before. */
static bool is_undone(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                      const struct assay_ceremony_sharing *s)
{
    const struct assay_ceremony_generation own = generation_of(s), force = generation_in_force(ca);
    if (is_free(s) || is_in_force(s, ca) || own.era >= ca->era || h->config.era >= ca->era)
        return false;
    if (own.ca_number <= ca->config.retired) return false; /* the operators' word */
    if (own.ca_number == ca->next.number && own.era == ca->next.force.era) return false;
    return is_newer(&own, &force) ||
           (own.era != force.era && !is_same_generation(&own, &h->age.before));
}

/* docs/identity.md 3.13: after eight certified closes of the next generation; at once when the CA
 * number is GONE, was never more than NEXT, or was not made at all. 3.16: what a newer era does not
 * have is erased by the operator's word alone. */
static bool is_over(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                    const struct assay_ceremony_sharing *s)
{
    const struct assay_ceremony_generation own = generation_of(s), force = generation_in_force(ca);
    if (is_free(s) || is_in_force(s, ca) || is_running(h, ca, &s->name) || is_undone(h, ca, s))
        return false;
    if (own.ca_number <= ca->numbers && assay_ca_state_of(ca, own.ca_number) == ASSAY_CA_GONE)
        return true;
    return is_newer(&own, &force) || (is_same_generation(&h->age.of, &force) &&
                                      h->age.closes >= ASSAY_CEREMONY_HOLDER_ERASE_CLOSES);
}

static bool erase_next(const struct assay_ceremony_holder *h, const struct assay_ca *ca,
                       struct assay_ceremony_effect *out)
{
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++) {
        if (h->attempt[i].name.attempt == 0 || is_running(h, ca, &h->attempt[i].name)) continue;
        out->action = ASSAY_CEREMONY_ERASE;
        out->item = (struct assay_ceremony_item){ .kind = ASSAY_CEREMONY_SECRET,
                                                  .name = h->attempt[i].name };
        return true;
    }
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++) {
        if (!is_over(h, ca, &h->sharing[i])) continue;
        out->action = ASSAY_CEREMONY_ERASE_SHARES;
        out->item = (struct assay_ceremony_item){ .kind = ASSAY_CEREMONY_SHARES,
                                                  .name = h->sharing[i].name };
        return true;
    }
    return false;
}

/* The count of closes survives restarts: frequent ones would postpone the erasure for ever. */
static bool store_age(struct assay_ceremony_holder *h, struct assay_ceremony_effect *out)
{
    static const struct assay_ceremony_name none = { 0 };
    struct assay_writer w = assay_writer_over(out->buffer, sizeof out->buffer);
    if (h->age.is_stored || h->age.of.generation == 0) return false;
    encode_generation(&w, &h->age.of);
    encode_generation(&w, &h->age.before);
    assay_writer_u64be(&w, h->age.seen);
    assay_writer_u32be(&w, h->age.closes);
    ceremony_holder_store(h, out, &none, ASSAY_CEREMONY_AGE, 0, 0,
                          assay_slice_over(out->buffer, w.len));
    return true;
}

static void count_close(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                        bool is_certified)
{
    const struct assay_ceremony_generation force = generation_in_force(ca);
    if (force.generation == 0) return;
    if (!is_same_generation(&h->age.of, &force)) {
        /* The era that made it had the other in force: it followed that one. */
        const bool is_next = h->age.seen == force.era && is_newer(&force, &h->age.of);
        h->age.before = is_next ? h->age.of : (struct assay_ceremony_generation){ 0 };
        h->age.of = force;
        h->age.closes = 0;
        h->age.is_stored = false;
    } else if (is_certified && h->age.closes < ASSAY_CEREMONY_HOLDER_ERASE_CLOSES) {
        h->age.closes++;
        h->age.is_stored = false;
    }
    if (h->age.seen != ca->era) h->age.is_stored = false;
    h->age.seen = ca->era;
}

void assay_ceremony_holder_on_close(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                    bool is_certified, bool is_fenced)
{
    const struct assay_ca_holder *row = row_of_contact(h, ca);
    h->is_fenced = is_fenced;
    if (row != NULL && assay_bytes_equal(row->link_key, h->config.link_key, 32))
        h->was_listed = true;
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++) {
        struct assay_ceremony_attempt *a = &h->attempt[i];
        a->offered = a->said = a->tabled = false;
        assay_bytes_zero(a->dealt, sizeof a->dealt);
        assay_bytes_zero(a->disputed, sizeof a->disputed);
    }
    h->contact_offered = h->late_said = h->next_said = false;
    count_close(h, ca, is_certified);
}

/* --- steps */

/* Returns: whether something stored is of a later state than this one. */
static bool is_older(const struct assay_ceremony_holder *h, const struct assay_ca *ca)
{
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++) {
        const struct assay_ceremony_name *n = &h->attempt[i].name;
        if (n->era > ca->era || (n->era == ca->era && n->attempt > ca->attempts)) return true;
    }
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++) {
        const struct assay_ceremony_name *n = &h->sharing[i].name;
        if (n->era > ca->era || (n->era == ca->era && n->attempt > ca->attempts)) return true;
    }
    return false;
}

static enum assay_status step_phase(struct assay_ceremony_holder *h, const struct assay_ca *ca,
                                    struct assay_ceremony_effect *out)
{
    switch (ca->ceremony.phase) {
    case ASSAY_CA_OFFERS: return ceremony_holder_offer(h, ca, out);
    case ASSAY_CA_DEALS: return ceremony_holder_deal(h, ca, out);
    case ASSAY_CA_DISPUTES: return ceremony_holder_dispute(h, ca, out);
    case ASSAY_CA_HAVES: return ceremony_holder_have(h, ca, out);
    case ASSAY_CA_IDLE: break;
    }
    return ASSAY_OK;
}

enum assay_status assay_ceremony_holder_step(struct assay_ceremony_holder *h,
                                             const struct assay_ca *ca,
                                             struct assay_ceremony_effect *out)
{
    ASSAY_ASSERT(!h->is_storing);
    *out = (struct assay_ceremony_effect){ .action = ASSAY_CEREMONY_NOTHING };
    if (h->is_fenced) return ASSAY_OK;
    if (is_older(h, ca)) return ASSAY_E_STALE;
    if (erase_next(h, ca, out) || store_age(h, out)) return ASSAY_OK;
    if (free_sharing(h) == NULL) return ASSAY_E_FULL;
    ASSAY_TRY(step_phase(h, ca, out));
    return out->action == ASSAY_CEREMONY_NOTHING ? ceremony_holder_idle(h, ca, out) : ASSAY_OK;
}

struct assay_ceremony_status assay_ceremony_holder_status(const struct assay_ceremony_holder *h,
                                                          const struct assay_ca *ca)
{
    const struct assay_ca_holder *row = row_in_force(h, ca);
    const struct assay_ca_holder *contact = row_of_contact(h, ca);
    struct assay_ceremony_status s = { .is_holder = row != NULL && !row->lost };
    const bool is_here = ceremony_holder_in_force(h, ca, ca->ca_number) != NULL;
    s.can_sign = s.is_holder && is_here && !h->is_fenced;
    s.is_lost = s.is_holder && !is_here;
    s.is_superseded = contact != NULL && h->was_listed &&
                      !assay_bytes_equal(contact->link_key, h->config.link_key, 32);
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_SHARINGS_MAX; i++)
        s.is_undone = s.is_undone || is_undone(h, ca, &h->sharing[i]);
    for (uint32_t i = 0; i < ASSAY_CEREMONY_HOLDER_ATTEMPTS_MAX; i++)
        if (h->attempt[i].name.attempt != 0 && is_running(h, ca, &h->attempt[i].name))
            s.is_unfit = h->attempt[i].is_unfit;
    for (uint32_t d = 1; ca->ceremony.phase >= ASSAY_CA_DISPUTES && d <= ca->ceremony.dealers;
         d++) {
        const struct assay_ca_dealing *dealing = &ca->ceremony.dealing[d - 1];
        if (dealing->state != ASSAY_CA_DEALING_NONE && dealing->state != ASSAY_CA_DEALING_VOID &&
            h->config.dealing(h->config.context, d, dealing->digest).len == 0)
            s.missing++;
    }
    return s;
}
