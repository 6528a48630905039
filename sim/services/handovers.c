/*
 * sim/services/handovers.c - hand-overs that hosts show to enclaves (docs/services.md 1.9.8):
 * replayed, modified and forged ones, and replicas that name views; and the checker of views: an
 * enclave follows only to views that the ledger has started, with the exact roster, and no two
 * views of an era serve at once.
 *
 * A link identifies the sender of a frame, so a real host cannot send a hand-over in a replica's
 * name. It can here: the proof of a hand-over must not depend on the link.
 */
#include "sim/services/internal.h"

#include "base/crypto/model.h"

enum { CHANGES = 8, OWN_KEYS = ASSAY_CONT_SEATS_MAX };

static uint32_t draw_below(struct assay_sim_services *s, uint32_t end)
{
    return (uint32_t)assay_sim_random_below(&s->handovers.random, end);
}

void handovers_open(struct assay_sim_services *s)
{
    s->handovers.random = services_stream(s, PROGRAM_ENCLAVE, (uint64_t)1 << 61);
}

/* --- hand-overs shown to enclaves */

static void store_handover(struct assay_sim_services *s, struct assay_slice bytes, bool early)
{
    struct stored_handover *kept = &s->handovers.kept[s->handovers.count++ % HANDOVERS_KEPT];
    ASSAY_ASSERT(bytes.len <= sizeof kept->bytes);
    kept->early = early;
    kept->len = bytes.len;
    assay_bytes_copy(kept->bytes, sizeof kept->bytes, bytes.bytes, bytes.len);
}

void handovers_receive(struct assay_sim_services *s, struct assay_slice frame)
{
    struct assay_cont_frame f;
    if (s->load->forged_handovers_permille == 0) return;
    if (assay_cont_frame_decode(frame, &f) == ASSAY_OK && f.kind == ASSAY_CONT_HANDOVER)
        store_handover(s, f.list, false);
}

/* A host that submits a TABLE has the signatures before the view starts: they go into a hand-over
 * that names others. Unmodified it would be valid, and a replica sends none of a view that has not
 * started. */
void handovers_on_submit(struct assay_sim_services *s, struct assay_slice payload)
{
    static const struct assay_cont_contact none[ASSAY_CONT_SEATS_MAX];
    struct assay_slice out;
    if (s->load->forged_handovers_permille == 0) return;
    const enum assay_status status =
        assay_cont_handover_encode(payload, none, s->load->group_size, s->handovers.room,
                                   sizeof s->handovers.room, &out);
    if (status == ASSAY_OK) store_handover(s, out, true);
}

static void make_own_contact(struct assay_sim_services *s, struct assay_cont_contact *contact)
{
    *contact = (struct assay_cont_contact){ .address = { 'x' }, .address_len = 1 };
    services_bytes(&s->handovers.random, contact->curve, sizeof contact->curve);
}

/* A key of the host and an address. */
static void make_own_seat(struct assay_sim_services *s, struct assay_cont_handover *h,
                          uint32_t seat, struct assay_secret32 *secret)
{
    services_key(&s->handovers.random, secret, h->record.roster.key[seat]);
    make_own_contact(s, &h->contact[seat]);
    assay_cont_contact_digest(&h->contact[seat], h->record.roster.contact[seat]);
}

/* Seats of the host, which vouch. */
static void make_own_view(struct assay_sim_services *s, const struct assay_cont_client *c,
                          struct assay_cont_handover *h,
                          struct assay_secret32 secret[static OWN_KEYS])
{
    struct assay_cont_table_record *record = &h->record;
    uint8_t digest[32];
    for (uint32_t i = 0; i < record->roster.count; i++)
        make_own_seat(s, h, i, &secret[i]);
    record->count = assay_cont_quorum(record->roster.count);
    assay_cont_table_statement(&c->config.home, record->roster.view, record->root, record->entries,
                               digest);
    for (uint32_t i = 0; i < record->count; i++) {
        assay_bytes_copy(record->key[i], sizeof record->key[i], record->roster.key[i],
                         sizeof record->roster.key[i]);
        assay_model_sign(secret[i].bytes, digest, record->signature[i]);
    }
}

/* Entirely by keys of the host: in the names of the base, or in their own. */
static void forge_handover(struct assay_sim_services *s, const struct assay_cont_client *c,
                           struct assay_cont_handover *h)
{
    const struct assay_cont_roster *base = &c->config.roster;
    const uint32_t quorum = assay_cont_quorum(base->count);
    struct assay_secret32 secret[OWN_KEYS];
    struct assay_cont_table_record *record = &h->record;
    uint8_t digest[32];
    const bool in_their_names = draw_below(s, 2) == 0;
    *h = (struct assay_cont_handover){ .record = { .group = c->config.home.group,
                                                   .base = base->view,
                                                   .last_count = quorum } };
    record->roster.view = base->view + 1;
    record->roster.count = base->count;
    make_own_view(s, c, h, secret);
    assay_cont_fin_statement(&c->config.home, record->base, record->root, 0, &record->roster,
                             digest);
    for (uint32_t i = 0; i < quorum; i++) {
        struct assay_cont_last_table *last = &record->last[i];
        assay_bytes_copy(last->key, sizeof last->key,
                         in_their_names ? base->key[i] : record->roster.key[i], sizeof last->key);
        assay_model_sign(secret[i].bytes, digest, last->signature);
    }
}

/* A valid hand-over of some view, modified to follow the present one or to lead elsewhere. */
static void modify_handover(struct assay_sim_services *s, const struct assay_cont_client *c,
                            bool early, struct assay_cont_handover *h)
{
    struct assay_cont_table_record *record = &h->record;
    const uint32_t seat = draw_below(s, record->roster.count);
    struct assay_secret32 secret[OWN_KEYS];
    const uint32_t what = !early ? draw_below(s, CHANGES + 1) : draw_below(s, 2) == 0 ? CHANGES : 4;
    if (what != 0 && !early) { /* consistent but for the modified part */
        record->base = c->config.roster.view;
        if (record->roster.view <= record->base) record->roster.view = record->base + 1;
    }
    if (what == 1) make_own_seat(s, h, seat, &secret[0]);
    if (what == 2) record->roster.view += 1 + draw_below(s, 3);
    if (what == 3) record->roster.view += UINT64_C(1) << ASSAY_CONT_NUMBER_BITS;
    if (what == 4) make_own_contact(s, &h->contact[seat]);
    for (uint32_t i = 1; what == 5 && i < record->last_count; i++)
        record->last[i] = record->last[0];
    for (uint32_t i = 1; what == 6 && i < record->count; i++) {
        assay_bytes_copy(record->key[i], sizeof record->key[i], record->key[0],
                         sizeof record->key[0]);
        assay_bytes_copy(record->signature[i], sizeof record->signature[i], record->signature[0],
                         sizeof record->signature[0]);
    }
    for (uint32_t i = 0; what == 7 && i < record->last_count && i < c->config.roster.count; i++)
        assay_bytes_copy(record->last[i].key, sizeof record->last[i].key, c->config.roster.key[i],
                         sizeof c->config.roster.key[i]);
    if (what == CHANGES) make_own_view(s, c, h, secret); /* those that stopped did so for others */
}

/* Returns: its bytes, in the buffer; empty: none is stored. */
static struct assay_slice draw_handover(struct assay_sim_services *s,
                                        const struct assay_cont_client *c)
{
    static struct assay_cont_handover h;
    const uint32_t count = s->handovers.count < HANDOVERS_KEPT ? s->handovers.count
                                                               : HANDOVERS_KEPT;
    const struct stored_handover *old = count > 0 ? &s->handovers.kept[draw_below(s, count)] : NULL;
    const uint32_t how = draw_below(s, 4);
    uint8_t record[ASSAY_CONT_TABLE_LEN_MAX];
    struct assay_slice payload, out = { 0 };
    if (how == 0 && old != NULL && !old->early) return assay_slice_over(old->bytes, old->len);
    if (how == 1 || old == NULL) {
        forge_handover(s, c, &h);
    } else {
        const enum assay_status status =
            assay_cont_handover_decode(assay_slice_over(old->bytes, old->len), &h);
        ASSAY_ASSERT(status == ASSAY_OK); /* a replica encoded it */
        modify_handover(s, c, old->early, &h);
    }
    enum assay_status status =
        assay_cont_table_record_encode(&h.record, record, sizeof record, &payload);
    if (status == ASSAY_OK)
        status = assay_cont_handover_encode(payload, h.contact, h.record.roster.count,
                                            s->handovers.room, sizeof s->handovers.room, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    return out;
}

struct assay_slice handovers_draw(struct assay_sim_services *s, const struct assay_cont_client *c,
                                  uint32_t *seat)
{
    struct assay_cont_frame f = { .group = c->config.home.group,
                                  .view = c->config.roster.view,
                                  .session = c->config.session };
    struct assay_slice out = { 0 };
    if (s->load->forged_handovers_permille == 0 || !services_is_on(s)) return out;
    if (draw_below(s, 1000) >= s->load->forged_handovers_permille) return out;
    *seat = draw_below(s, c->config.roster.count);
    assay_bytes_copy(f.instance, 32, c->config.instance, 32);
    if (draw_below(s, 4) == 0) {
        f.kind = ASSAY_CONT_REFUSED;
        f.reason = ASSAY_CONT_VIEW;
        f.value = f.view + draw_below(s, 3);
    } else {
        f.kind = ASSAY_CONT_HANDOVER;
        f.list = draw_handover(s, c);
        if (f.list.len == 0) return out;
    }
    const enum assay_status status =
        assay_cont_frame_encode(&f, s->handovers.frame, sizeof s->handovers.frame, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    s->handovers.shown += f.kind == ASSAY_CONT_HANDOVER;
    return out;
}

/* --- invariants */

static bool is_same_roster(const struct assay_cont_roster *one,
                           const struct assay_cont_roster *other)
{
    if (one->view != other->view || one->count != other->count) return false;
    for (uint32_t i = 0; i < one->count; i++)
        if (!assay_bytes_equal(one->key[i], other->key[i], sizeof one->key[i]) ||
            !assay_bytes_equal(one->contact[i], other->contact[i], sizeof one->contact[i]))
            return false;
    return true;
}

void handovers_on_view_started(struct views *v, const struct assay_cont_roster *roster)
{
    v->known[v->known_count++ % KNOWN_VIEWS] = *roster;
}

/* Views that started unobserved cannot be evaluated. */
static bool was_started(const struct views *v, const struct assay_cont_roster *roster)
{
    const uint32_t count = v->known_count < KNOWN_VIEWS ? v->known_count : KNOWN_VIEWS;
    for (uint32_t i = 0; i < count; i++)
        if (is_same_roster(&v->known[i], roster)) return true;
    return roster->view <= v->unseen;
}

/* The client contacts only members of the roster. */
static bool are_contacts_of(const struct assay_cont_client *c)
{
    uint8_t digest[32];
    for (uint32_t i = 0; i < c->config.roster.count; i++) {
        if (c->contact[i].address_len == 0) continue;
        assay_cont_contact_digest(&c->contact[i], digest);
        if (!assay_bytes_equal(digest, c->config.roster.contact[i], 32)) return false;
    }
    return true;
}

void handovers_on_follow(struct assay_sim_services *s, uint64_t from,
                         const struct assay_cont_client *c)
{
    const struct assay_cont_roster *roster = &c->config.roster;
    const uint32_t group = c->config.home.group;
    if (roster->view == from || !s->recount.sound) return;
    s->handovers.followed++;
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    if (!was_started(&s->views[group], roster) || !are_contacts_of(c))
        services_report_check(
            s, ASSAY_SIM_CHECKER_CONTINUITY,
            "MOVED: an enclave of group %u follows from view %llu to view %llu, which no "
            "ledger has started so",
            group, (unsigned long long)from, (unsigned long long)roster->view);
}

/* Returns: number of replicas that serve a view. */
static uint32_t count_serving(const struct assay_sim_services *s, uint32_t group, uint64_t view)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct replica *r = &s->replica[group][i];
        if (!r->runs || r->core == NULL) continue;
        const struct assay_cont_status is = assay_cont_replica_status(r->core);
        count += is.serves && is.view == view;
    }
    return count;
}

/* A frame that it sends: its last table of a view ends that view for it, whatever it knows of the
 * next one. */
static void record_frame(struct assay_sim_services *s, uint32_t group, uint32_t node,
                         const struct assay_cont_frame *f)
{
    struct replica *r = &s->replica[group][node];
    if (f->kind == ASSAY_CONT_FIN && f->base >= r->left_below) r->left_below = f->base + 1;
    if (f->kind != ASSAY_CONT_OPENED && f->kind != ASSAY_CONT_ACK &&
        f->kind != ASSAY_CONT_CONFIRMED)
        return;
    services_report_check(s, ASSAY_SIM_CHECKER_CONTINUITY, NULL);
    if (f->view < r->served_view || f->view < r->left_below)
        services_report_check(
            s, ASSAY_SIM_CHECKER_CONTINUITY,
            "TWO VIEWS: replica %u of group %u serves view %llu after %llu, having left "
            "all below %llu",
            node, group, (unsigned long long)f->view, (unsigned long long)r->served_view,
            (unsigned long long)r->left_below);
    r->served_view = f->view;
}

/* docs/services.md 1.9: a quorum of the base stops for good before the next view has a table. */
static void check_one_view(struct assay_sim_services *s, uint32_t group, uint64_t view)
{
    for (uint32_t i = 0; i < s->nodes; i++) {
        const struct replica *other = &s->replica[group][i];
        if (!other->runs || other->core == NULL) continue;
        const struct assay_cont_status is = assay_cont_replica_status(other->core);
        if (!is.serves || is.view == view ||
            is.view >> ASSAY_CONT_NUMBER_BITS != view >> ASSAY_CONT_NUMBER_BITS)
            continue;
        const uint64_t older = is.view < view ? is.view : view;
        if (count_serving(s, group, older) >= assay_cont_quorum(s->load->group_size))
            services_report_check(
                s, ASSAY_SIM_CHECKER_CONTINUITY,
                "TWO VIEWS: a quorum of group %u serves view %llu beside view %llu", group,
                (unsigned long long)older, (unsigned long long)(older == is.view ? view : is.view));
    }
}

void handovers_on_effects(struct assay_sim_services *s, uint32_t group, uint32_t node)
{
    const struct replica *r = &s->replica[group][node];
    for (uint32_t i = 0; i < s->effects.count; i++) {
        const struct assay_cont_send *send = &s->effects.send[i];
        struct assay_cont_frame f;
        const struct assay_slice bytes =
            assay_slice_over(s->effects.bytes + send->at, send->len);
        if (send->to != ASSAY_CONT_TO_LEDGER && assay_cont_frame_decode(bytes, &f) == ASSAY_OK)
            record_frame(s, group, node, &f);
    }
    const struct assay_cont_status own = assay_cont_replica_status(r->core);
    if (own.serves) check_one_view(s, group, own.view);
}
