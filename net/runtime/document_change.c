/*
 * net/runtime/document_change.c - admin requests about changes of the operators, and the store
 * items that the command line drafts them on.
 */
#include "net/runtime/runtime_internal.h"

#include "net/documents/change_review.h"
#include "net/documents/document.h"
#include "net/json/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of one answer; more is requested again. A row is read also where it is only skipped. */
enum {
    ITEMS_BYTES_MAX = 3 << 20, /* a document of some 6 MiB */
    ITEMS_ROWS_MAX = 4096,
    ITEMS_SKIP_MAX = 8192,
};

/* ------------------------------------------------------------ changes */

/* A list of changes is read by operators, who know one another by name: what is signed is shown
 * with the id (assay change show). */
static void name_sponsor(const struct assay_runtime *runtime, const struct assay_action *action,
                         char words[static ASSAY_CHANGE_WORDS])
{
    char id[65], name[65], rest[ASSAY_CHANGE_WORDS];
    if (action->kind != ASSAY_ACTION_JOIN) return;
    assay_hex_encode(action->card.operator_id, 32, id, sizeof id);
    char *const at = strstr(words, id);
    if (at == NULL) return;
    (void)snprintf(rest, sizeof rest, "%s", at + strlen(id));
    (void)snprintf(at, ASSAY_CHANGE_WORDS - (size_t)(at - words), "%s%s",
                   runtime_operator_name(runtime, action->card.operator_id, name), rest);
}

static struct assay_json *change_words(const struct assay_runtime *runtime,
                                       const struct assay_state *state,
                                       const struct assay_change *change)
{
    struct assay_json *list = assay_json_array();
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        char words[ASSAY_CHANGE_WORDS];
        if (assay_action_next(&c, &action) != ASSAY_OK) break;
        assay_draft_format_action(state, &action, words);
        name_sponsor(runtime, &action, words);
        assay_json_append_text(list, words);
    }
    return list;
}

static struct assay_json *change_document(const struct assay_runtime *runtime,
                                          const struct assay_state *state,
                                          struct assay_slice record)
{
    ASSAY_ASSERT(record.len > 0);
    struct assay_change change;
    uint8_t digest[32];
    struct assay_json *object = assay_json_object();
    assay_change_of_record(record, &change);
    assay_sha256(record.bytes, record.len, digest);
    assay_json_set_uint(object, "sequence", change.sequence);
    assay_json_set_uint(object, "activation", change.activation);
    assay_json_set_hex(object, "digest", digest, sizeof digest);
    assay_json_set(object, "actions", change_words(runtime, state, &change));
    return object;
}

static struct assay_json *pending_changes(const struct assay_runtime *runtime,
                                          const struct assay_change_basis *basis)
{
    ASSAY_ASSERT(basis->state.pending_count <= ASSAY_PENDING_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < basis->state.pending_count; i++)
        if (basis->pending[i].len > 0)
            assay_json_append(list, change_document(runtime, &basis->state, basis->pending[i]));
    return list;
}

static struct assay_json *waiting_changes(const struct assay_runtime *runtime,
                                          const struct assay_change_basis *basis)
{
    struct assay_json *list = assay_json_array();
    struct assay_slice record;
    for (uint32_t at = 0; runtime_change_next(runtime, &at, &record);)
        assay_json_append(list, change_document(runtime, &basis->state, record));
    return list;
}

/* --- decided: final, and their epoch has come */

enum { DECIDED_MAX = 16, FORMER_MAX = 64 };

struct former_operator {
    uint8_t id[32];
    char name[ASSAY_NAME_MAX + 1];
};

struct decided {
    uint64_t epoch; /* running */
    uint32_t count; /* all that were found; the newest DECIDED_MAX are shown */
    struct assay_change_draft *draft, *later;
    uint8_t *records[DECIDED_MAX];
    size_t lens[DECIDED_MAX];
    /* Operators of lists that changes brought, the newest ones. */
    struct former_operator former[FORMER_MAX];
    uint32_t former_count;
};

static void take_operator(struct decided *all, const struct assay_genesis_operator *o)
{
    const uint32_t used = all->former_count < FORMER_MAX ? all->former_count : FORMER_MAX;
    if (!assay_name_is_fit(o->name)) return;
    for (uint32_t i = 0; i < used; i++)
        if (assay_bytes_equal(all->former[i].id, o->operator_id, 32)) return;
    struct former_operator *const place = &all->former[all->former_count++ % FORMER_MAX];
    assay_bytes_copy(place->id, 32, o->operator_id, 32);
    (void)snprintf(place->name, sizeof place->name, "%.*s", (int)o->name.len,
                   (const char *)o->name.bytes);
}

static void take_operators(struct decided *all, const struct assay_change *change)
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        struct assay_genesis_operator o;
        struct assay_cursor list;
        uint64_t number = 0;
        uint32_t threshold = 0, count = 0;
        if (assay_action_next(&c, &action) != ASSAY_OK) return;
        if (action.kind != ASSAY_ACTION_OPERATORS && action.kind != ASSAY_ACTION_OPERATOR_KEY)
            continue;
        if (assay_operators_open(action.document, &list, &number, &threshold, &count) != ASSAY_OK)
            continue;
        for (uint32_t k = 0; k < count && assay_operators_next(&list, &o) == ASSAY_OK; k++)
            take_operator(all, &o);
    }
}

static bool read_decided(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct decided *all = context;
    ASSAY_ASSERT(all->draft != NULL);
    (void)key;
    if (assay_draft_decode(value, all->draft) != ASSAY_OK) return true;
    take_operators(all, &all->draft->change);
    if (all->draft->change.activation > all->epoch) return true;
    const uint32_t at = all->count++ % DECIDED_MAX;
    free(all->records[at]);
    all->records[at] = malloc(value.len);
    all->lens[at] = all->records[at] != NULL ? value.len : 0;
    if (all->records[at] != NULL)
        assay_bytes_copy(all->records[at], value.len, value.bytes, value.len);
    return true;
}

/* By name for operators in force, of the genesis, or of a list that a change brought; by id for
 * others. */
static void name_operator(const struct assay_runtime *runtime,
                          const struct assay_genesis *effective, const struct decided *all,
                          const uint8_t id[static 32], char text[static ASSAY_NAME_MAX + 65])
{
    const struct assay_genesis_operator *o = assay_operator_find(effective, id);
    if (o == NULL) o = assay_operator_find(runtime_founding_genesis(runtime), id);
    assay_hex_encode(id, 32, text, 65);
    if (o != NULL)
        (void)snprintf(text, ASSAY_NAME_MAX + 65, "%.*s", (int)o->name.len,
                       (const char *)o->name.bytes);
    for (uint32_t i = 0; o == NULL && i < FORMER_MAX && i < all->former_count; i++)
        if (assay_bytes_equal(all->former[i].id, id, 32))
            (void)snprintf(text, ASSAY_NAME_MAX + 65, "%s", all->former[i].name);
}

static struct assay_json *change_signers(const struct assay_runtime *runtime,
                                         const struct assay_genesis *effective,
                                         const struct decided *all)
{
    ASSAY_ASSERT(all->draft->signature_count <= ASSAY_OPERATORS_MAX);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < all->draft->signature_count; i++) {
        char text[ASSAY_NAME_MAX + 65];
        name_operator(runtime, effective, all, all->draft->signers[i], text);
        assay_json_append_text(list, text);
    }
    return list;
}

/* The i-th oldest of those that are shown. */
static struct assay_slice decided_record(const struct decided *all, uint32_t i)
{
    const uint32_t shown = all->count < DECIDED_MAX ? all->count : DECIDED_MAX;
    const uint32_t at = (all->count - shown + i) % DECIDED_MAX;
    return assay_slice_over(all->records[at], all->lens[at]);
}

static uint64_t end_of(struct assay_runtime *runtime, uint64_t sequence)
{
    return (uint64_t)(sequence != 0 ? runtime_change_end_load(runtime, sequence)
                                    : ASSAY_CHANGE_NONE);
}

/* Returns: whether an action of the change, which is in force, supersedes that one. */
static bool has_superseding(const struct assay_change *change, const struct assay_action *earlier)
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        if (assay_action_next(&c, &action) != ASSAY_OK) return false;
        if (assay_draft_supersedes(&action, earlier)) return true;
    }
    return false;
}

/* Of each action of the earlier change without one: the later change, where it supersedes it. */
static void take_superseding(const struct assay_change *earlier, const struct assay_change *later,
                             uint64_t by[static ASSAY_ACTIONS_MAX])
{
    struct assay_cursor c = assay_cursor_over(earlier->actions.bytes, earlier->actions.len);
    ASSAY_ASSERT(earlier->action_count <= ASSAY_ACTIONS_MAX && later->sequence != 0);
    for (uint32_t i = 0; i < earlier->action_count; i++) {
        struct assay_action action;
        if (assay_action_next(&c, &action) != ASSAY_OK) return;
        if (by[i] == 0 && has_superseding(later, &action)) by[i] = later->sequence;
    }
}

/* by: of each action of the i-th change the number of the first change after it by which nothing of
 * the action is in force any more; 0: it is. Each record is decoded once: this node waits. */
static void find_superseding(struct assay_runtime *runtime, struct decided *all, uint32_t i,
                             uint64_t by[static ASSAY_ACTIONS_MAX])
{
    for (uint32_t k = i + 1; k < DECIDED_MAX && k < all->count; k++) {
        const struct assay_slice record = decided_record(all, k);
        if (record.len == 0 || assay_draft_decode(record, all->later) != ASSAY_OK) continue;
        const struct assay_change *const change = &all->later->change;
        if (change->sequence != 0 && end_of(runtime, change->sequence) == ASSAY_CHANGE_NONE)
            take_superseding(&all->draft->change, change, by);
    }
}

/* What is in force of the i-th change, which did not end: of each action the change that superseded
 * it; of an announcement its last epoch. */
static void set_superseded(struct assay_runtime *runtime, struct decided *all, uint32_t i,
                           struct assay_json *object)
{
    uint64_t by[ASSAY_ACTIONS_MAX] = { 0 };
    const struct assay_change *const change = &all->draft->change;
    struct assay_json *list = assay_json_array();
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    if (change->sequence != 0) find_superseding(runtime, all, i, by);
    for (uint32_t k = 0; k < change->action_count; k++) {
        struct assay_action action;
        if (assay_action_next(&c, &action) != ASSAY_OK) break;
        assay_json_append_uint(list, by[k]);
        if (action.kind == ASSAY_ACTION_MAINTENANCE)
            assay_json_set_uint(object, "until", change->activation + action.epochs - 1);
    }
    assay_json_set(object, "superseded_by", list);
}

static struct assay_json *decided_change(struct assay_runtime *runtime,
                                         const struct assay_change_basis *basis,
                                         struct decided *all, uint32_t i)
{
    const struct assay_slice record = decided_record(all, i);
    if (record.len == 0 || assay_draft_decode(record, all->draft) != ASSAY_OK) return NULL;
    const uint64_t end = end_of(runtime, all->draft->change.sequence);
    struct assay_json *object = change_document(runtime, &basis->state, record);
    assay_json_set(object, "signers", change_signers(runtime, basis->effective.genesis, all));
    assay_json_set_text(object, "end", assay_document_change_end(end));
    if (end == ASSAY_CHANGE_NONE) set_superseded(runtime, all, i, object);
    return object;
}

static struct assay_json *decided_changes(struct assay_runtime *runtime,
                                          const struct assay_change_basis *basis, uint64_t epoch)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX,
                                  .epoch = ASSAY_STORE_NUMBER_MAX,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    struct assay_json *list = assay_json_array();
    struct decided all = { .epoch = epoch,
                           .draft = malloc(sizeof *all.draft),
                           .later = malloc(sizeof *all.later) };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    if (all.draft != NULL && all.later != NULL)
        assay_status_ignore(assay_store_scan(runtime->config.store, ASSAY_STORE_CHANGE, &from, &to,
                                             false, read_decided, &all),
                            "what could be read is told");
    for (uint32_t i = 0; i < DECIDED_MAX && i < all.count; i++) {
        struct assay_json *const object = decided_change(runtime, basis, &all, i);
        if (object != NULL) assay_json_append(list, object);
    }
    for (uint32_t i = 0; i < DECIDED_MAX; i++)
        free(all.records[i]);
    free(all.draft);
    free(all.later);
    return list;
}

static struct assay_json *suspended_members(struct assay_runtime *runtime, uint64_t sequence)
{
    char name[ASSAY_NAME_MAX + 1];
    uint64_t slots[ASSAY_MEMBERS_MAX];
    const size_t count = runtime_suspensions_load(runtime, sequence, slots, ASSAY_MEMBERS_MAX);
    struct assay_json *list = assay_json_array();
    for (size_t i = 0; i < count; i++)
        assay_json_append_text(list,
                               runtime_slot_name(runtime, (uint16_t)slots[i], name, sizeof name));
    return list;
}

static struct assay_json *change_members(const struct assay_snapshot *s)
{
    struct assay_json *list = assay_json_array();
    for (uint32_t slot = 0; slot < s->member_count; slot++) {
        const struct assay_member_snapshot *m = &s->members[slot].ledger;
        struct assay_json *object = assay_json_object();
        assay_json_set_text_n(object, "name", m->name.bytes, m->name.len);
        assay_json_set_text(object, "stage", assay_document_stage((uint64_t)m->stage));
        assay_json_set_uint(object, "stage_epoch", m->stage_epoch);
        assay_json_set_uint(object, "weight", m->weight);
        assay_json_set_uint(object, "maintenance_from", m->maintenance.from);
        assay_json_set_uint(object, "maintenance_until", m->maintenance.until);
        assay_json_append(list, object);
    }
    return list;
}

char *document_changes(struct assay_runtime *runtime)
{
    struct assay_change_basis *basis = NULL;
    if (assay_draft_basis_open(runtime_founding_genesis(runtime), runtime->config.store, &basis) !=
        ASSAY_OK)
        return document_error(runtime, "store", "the newest state cannot be read");
    const struct assay_snapshot *s = runtime_snapshot(runtime);
    struct assay_json *data = assay_document_change_status(s);
    assay_document_set_epoch(data, s);
    assay_json_set(data, "waiting", waiting_changes(runtime, basis));
    assay_json_set(data, "queue", pending_changes(runtime, basis));
    assay_json_set(data, "decided", decided_changes(runtime, basis, s->chain.epoch));
    if (s->changes.ended.end == ASSAY_CHANGE_REVERTED)
        assay_json_set(data, "felled", suspended_members(runtime, s->changes.ended.sequence));
    assay_json_set(data, "members", change_members(s));
    runtime_reviews_document(runtime, basis, data);
    assay_draft_basis_close(&basis);
    return document_finish(runtime, "assay.changes", data);
}

/* ------------------------------------------------------------ submit */

static const char *error_code(enum assay_status status)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    if (status == ASSAY_E_SIGNATURE || status == ASSAY_E_STRANGER) return "denied";
    if (status == ASSAY_E_DUPLICATE || status == ASSAY_E_STALE || status == ASSAY_E_FULL)
        return "conflict";
    return assay_status_class(status) == ASSAY_CLASS_HOST ? "store" : "refused";
}

static char *submit_bytes(struct assay_runtime *runtime, struct assay_slice bytes)
{
    char message[ASSAY_CHANGE_MESSAGE];
    struct assay_change_draft draft;
    const enum assay_status status = runtime_change_submit(runtime, bytes, &draft, message);
    if (status != ASSAY_OK && status != ASSAY_E_EARLY)
        return document_error(runtime, error_code(status), message);
    struct assay_json *data = assay_json_object();
    assay_json_set_uint(data, "sequence", draft.change.sequence);
    assay_json_set_uint(data, "activation", draft.change.activation);
    assay_json_set_text(data, "note", message);
    return document_finish(runtime, "assay.change.submit", data);
}

char *document_submit_change(struct assay_runtime *runtime, const char *hex)
{
    return document_from_hex(runtime, hex, "submit HEX: the file of a change", submit_bytes);
}

/* ------------------------------------------------------------ items of the store */

struct items {
    struct assay_json *list;
    uint64_t skip, bytes, rows;
    struct assay_store_key at; /* of the last row: its era and epoch */
    uint64_t within;           /* rows of that era and epoch before the next one */
    bool more;                 /* the row of this position is the first of the next answer */
};

static void count_row(struct items *items, const struct assay_store_key *key)
{
    const bool same = key->era == items->at.era && key->epoch == items->at.epoch;
    items->within = same && items->rows > 0 ? items->within + 1 : 0;
    items->at = *key;
    items->rows++;
}

static bool append_item(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct items *items = context;
    count_row(items, key);
    if (items->rows <= items->skip) return true;
    items->more = (items->bytes > 0 && items->bytes + value.len > ITEMS_BYTES_MAX) ||
                  items->rows - items->skip > ITEMS_ROWS_MAX;
    if (items->more) return false;
    items->bytes += value.len;
    struct assay_json *item = assay_json_object();
    assay_json_set_uint(item, "era", key->era);
    assay_json_set_uint(item, "epoch", key->epoch);
    assay_json_set_uint(item, "number", key->number);
    assay_json_set_hex(item, "id", key->id, sizeof key->id);
    assay_json_set_hex(item, "value", value.bytes, value.len);
    assay_json_append(items->list, item);
    return true;
}

static bool append_last(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    (void)append_item(context, key, value);
    return false;
}

static bool parse_class(const char *name, enum assay_store_class *class_)
{
    if (strcmp(name, "state") == 0) *class_ = ASSAY_STORE_STATE;
    else if (strcmp(name, "changes") == 0) *class_ = ASSAY_STORE_CHANGE;
    else if (strcmp(name, "collateral") == 0) *class_ = ASSAY_STORE_COLLATERAL;
    else if (strcmp(name, "evidence") == 0) *class_ = ASSAY_STORE_EVIDENCE;
    else if (strcmp(name, "boundaries") == 0) *class_ = ASSAY_STORE_BOUNDARY;
    else if (strcmp(name, "finality") == 0) *class_ = ASSAY_STORE_FINALITY;
    else if (strcmp(name, "anchors") == 0) *class_ = ASSAY_STORE_ANCHOR;
    else return false;
    return true;
}

/* From an epoch of an era on; of states the newest alone. */
static enum assay_status scan_items(struct assay_runtime *runtime, enum assay_store_class class_,
                                    uint32_t era, uint64_t epoch, struct items *items)
{
    const struct assay_store_key from = { .era = era, .epoch = epoch };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    const bool newest = class_ == ASSAY_STORE_STATE;
    return assay_store_scan(runtime->config.store, class_, &from, &to, newest,
                            newest ? append_last : append_item, items);
}

static void append_genesis(const struct assay_runtime *runtime, struct items *items)
{
    const struct assay_store_key key = { 0 };
    if (runtime->config.genesis_file.len > 0)
        (void)append_item(items, &key, runtime->config.genesis_file);
}

enum { ITEMS_EPOCH, ITEMS_SKIP, ITEMS_ERA, ITEMS_NUMBERS };

/* "NAME [EPOCH [SKIP [ERA]]]"; a number that is not there is 0. Returns: whether it is that. */
static bool split_items(const char *argument, char *name, size_t name_len,
                        uint64_t numbers[static ITEMS_NUMBERS])
{
    const size_t len = strcspn(argument, " ");
    if (len >= name_len) return false;
    assay_bytes_copy(name, name_len, argument, len);
    name[len] = '\0';
    const char *at = argument + len;
    for (size_t i = 0; *at == ' '; i++) {
        char *end = NULL;
        errno = 0;
        if (i == ITEMS_NUMBERS || at[1] < '0' || at[1] > '9') return false;
        numbers[i] = strtoull(at + 1, &end, 10);
        if (errno != 0) return false;
        at = end;
    }
    return *at == '\0' && numbers[ITEMS_ERA] <= UINT32_MAX;
}

/* Where the next answer begins: numbers of the request, null after the last item. */
static void put_next(struct assay_json *data, const struct items *items)
{
    ASSAY_ASSERT(!items->more || items->rows > items->skip);
    if (items->more) {
        assay_json_set_uint(data, "next_epoch", items->at.epoch);
        assay_json_set_uint(data, "next_skip", items->within);
        assay_json_set_uint(data, "next_era", items->at.era);
    } else {
        assay_json_set_null(data, "next_epoch");
        assay_json_set_null(data, "next_skip");
        assay_json_set_null(data, "next_era");
    }
}

char *document_items(struct assay_runtime *runtime, const char *argument)
{
    enum assay_store_class class_ = ASSAY_STORE_META;
    char name[16] = "";
    uint64_t numbers[ITEMS_NUMBERS] = { 0 };
    const bool good = split_items(argument, name, sizeof name, numbers);
    const bool genesis = strcmp(name, "genesis") == 0;
    if (!good || (!genesis && !parse_class(name, &class_)))
        return document_error(runtime, "usage",
                              "items genesis | state | changes | collateral | evidence | "
                              "boundaries | finality | anchors [EPOCH [SKIP [ERA]]]");
    if (numbers[ITEMS_SKIP] > ITEMS_SKIP_MAX)
        return document_error(runtime, "usage",
                              "skip: expected 8192 at most; next_epoch, next_skip and next_era of "
                              "an answer are where the next one begins");
    struct items items = { .list = assay_json_array(), .skip = numbers[ITEMS_SKIP] };
    enum assay_status status = ASSAY_OK;
    if (genesis) append_genesis(runtime, &items);
    else
        status =
            scan_items(runtime, class_, (uint32_t)numbers[ITEMS_ERA], numbers[ITEMS_EPOCH], &items);
    if (status != ASSAY_OK) {
        assay_json_free(&items.list);
        return document_error(runtime, "store", "the store cannot be read");
    }
    struct assay_json *data = assay_json_object();
    assay_json_set(data, "items", items.list);
    put_next(data, &items);
    return document_finish(runtime, "assay.items", data);
}
