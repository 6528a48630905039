/*
 * engine/store/store_memory.c - the store in memory: sorted arrays, and a list that undoes the open
 * batch.
 */
#include "engine/store/store_memory.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct assay_store_key key;
    uint8_t *bytes; /* owned; at least one byte is allocated */
    size_t len;
};

struct table {
    struct entry *entries;
    size_t count, capacity;
};

/* How it was before: an entry that has to come back, or a key that has to go. */
struct undo {
    enum assay_store_class class_;
    bool had;
    struct entry before; /* owned while had */
};

struct plan {
    uint64_t in; /* the in-th call from now fails; 0: none */
    bool for_ever;
};

struct store_memory {
    struct assay_store base; /* first: a pointer to it is a pointer to this */
    struct table tables[ASSAY_STORE_CLASS_COUNT + 1];
    struct undo *undos;
    size_t undo_count, undo_capacity;
    struct undo *last; /* of the last batch that became durable, where it is remembered */
    size_t last_count;
    bool remembers;
    bool open, broken;
    int scans;
    uint64_t commits;
    struct plan plans[ASSAY_STORE_FAULT_COUNT];
    const char *message;
};

static struct store_memory *memory_store(struct assay_store *store)
{
    return (struct store_memory *)store;
}

static struct table *table_for(struct store_memory *self, enum assay_store_class class_)
{
    ASSAY_ASSERT((unsigned)class_ >= 1 && (unsigned)class_ <= ASSAY_STORE_CLASS_COUNT);
    return &self->tables[class_];
}

static enum assay_status set_error(struct store_memory *self, const char *why)
{
    self->message = why;
    if (self->open) self->broken = true;
    return ASSAY_E_STORE;
}

/* Returns: true when the plan says that this call fails. */
static bool is_fault_due(struct store_memory *self, enum assay_store_fault fault)
{
    struct plan *plan = &self->plans[fault];
    if (plan->in == 0) return false;
    if (plan->in > 1) {
        plan->in--;
        return false;
    }
    if (!plan->for_ever) plan->in = 0;
    return true;
}

/* --------------------------------------------------------------- tables */

/* Returns: the index of the first entry that is not below key. */
static size_t lower_bound(const struct table *table, const struct assay_store_key *key)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (assay_store_key_compare(&table->entries[middle].key, key) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool has_key_at(const struct table *table, size_t at, const struct assay_store_key *key)
{
    return at < table->count && assay_store_key_compare(&table->entries[at].key, key) == 0;
}

static bool grow_array(void **items, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity) return true;
    const size_t wanted = *capacity == 0 ? 16 : *capacity * 2;
    void *grown = realloc(*items, wanted * size);
    if (grown == NULL) return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

static bool grow_table(struct table *table)
{
    return grow_array((void **)&table->entries, &table->capacity, table->count,
                      sizeof *table->entries);
}

/* There must be room. */
static void insert_at(struct table *table, size_t at, struct entry entry)
{
    ASSAY_ASSERT(table->count < table->capacity);
    ASSAY_ASSERT(at <= table->count);
    for (size_t i = table->count; i > at; i--)
        table->entries[i] = table->entries[i - 1];
    table->entries[at] = entry;
    table->count++;
}

static void remove_first(struct table *table, size_t at, size_t count)
{
    ASSAY_ASSERT(count <= table->count && at <= table->count - count);
    for (size_t i = at; i + count < table->count; i++)
        table->entries[i] = table->entries[i + count];
    table->count -= count;
}

static bool copy_bytes(struct assay_slice value, uint8_t **out)
{
    *out = malloc(value.len > 0 ? value.len : 1);
    if (*out == NULL) return false;
    if (value.len > 0) assay_bytes_copy(*out, value.len, value.bytes, value.len);
    return true;
}

static void clear_tables(struct table *tables)
{
    for (size_t class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++) {
        struct table *table = &tables[class_];
        for (size_t i = 0; i < table->count; i++)
            free(table->entries[i].bytes);
        free(table->entries);
        *table = (struct table){ 0 };
    }
}

/* --------------------------------------------------------------- batches */

static bool append_undo(struct store_memory *self, enum assay_store_class class_, bool had,
                        struct entry before)
{
    if (!grow_array((void **)&self->undos, &self->undo_capacity, self->undo_count,
                    sizeof *self->undos))
        return false;
    self->undos[self->undo_count++] = (struct undo){ class_, had, before };
    return true;
}

static void begin_batch(struct store_memory *self)
{
    ASSAY_ASSERT(self->scans == 0);
    self->open = true;
}

static enum assay_status memory_put(struct assay_store *store, enum assay_store_class class_,
                                    const struct assay_store_key *key, struct assay_slice value)
{
    struct store_memory *self = memory_store(store);
    struct table *table = table_for(self, class_);
    begin_batch(self);
    if (self->broken) return ASSAY_E_STORE;
    if (is_fault_due(self, ASSAY_STORE_FAULT_PUT))
        return set_error(self, "a planned failure of put");
    if (key->epoch > ASSAY_STORE_NUMBER_MAX || key->number > ASSAY_STORE_NUMBER_MAX ||
        value.len > ASSAY_STORE_VALUE_LEN_MAX)
        return set_error(self, "a key or a value above its limit");
    struct entry entry = { .key = *key, .len = value.len };
    if (!grow_table(table) || !copy_bytes(value, &entry.bytes)) return set_error(self, "no memory");
    const size_t at = lower_bound(table, key);
    const bool had = has_key_at(table, at, key);
    const struct entry before = had ? table->entries[at] : (struct entry){ .key = *key };
    if (!append_undo(self, class_, had, before)) {
        free(entry.bytes);
        return set_error(self, "no memory");
    }
    if (had) table->entries[at] = entry;
    else insert_at(table, at, entry);
    return ASSAY_OK;
}

static enum assay_status memory_prune(struct assay_store *store, enum assay_store_class class_,
                                      uint32_t era, uint64_t epoch)
{
    struct store_memory *self = memory_store(store);
    struct table *table = table_for(self, class_);
    begin_batch(self);
    if (self->broken) return ASSAY_E_STORE;
    if (is_fault_due(self, ASSAY_STORE_FAULT_PRUNE))
        return set_error(self, "a planned failure of prune");
    const struct assay_store_key first = { .era = era }, bound = { .era = era, .epoch = epoch };
    const size_t from = lower_bound(table, &first);
    const size_t count = lower_bound(table, &bound) - from;
    for (size_t i = 0; i < count; i++) {
        if (append_undo(self, class_, true, table->entries[from + i])) continue;
        remove_first(table, from, i); /* those remembered are the undo list's now */
        return set_error(self, "no memory");
    }
    remove_first(table, from, count);
    return ASSAY_OK;
}

static void undo_one(struct store_memory *self, const struct undo *undo)
{
    struct table *table = table_for(self, undo->class_);
    const size_t at = lower_bound(table, &undo->before.key);
    if (has_key_at(table, at, &undo->before.key)) {
        free(table->entries[at].bytes);
        remove_first(table, at, 1);
    }
    /* There is room: the table held the entry before, and never shrinks its memory. */
    if (undo->had) insert_at(table, at, undo->before);
}

static void memory_rollback(struct assay_store *store)
{
    struct store_memory *self = memory_store(store);
    while (self->undo_count > 0)
        undo_one(self, &self->undos[--self->undo_count]);
    self->open = self->broken = false;
}

static void free_undos(struct undo *undos, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (undos[i].had) free(undos[i].before.bytes);
}

/* The undo list of the batch becomes that of the last one. */
static void append_history(struct store_memory *self)
{
    free_undos(self->last, self->last_count);
    free(self->last);
    self->last = self->undos;
    self->last_count = self->undo_count;
    self->undos = NULL;
    self->undo_capacity = 0;
}

static void commit_batch(struct store_memory *self)
{
    if (self->remembers) append_history(self);
    else free_undos(self->undos, self->undo_count);
    self->undo_count = 0;
    self->open = self->broken = false;
    self->commits++;
}

static enum assay_status memory_commit(struct assay_store *store)
{
    struct store_memory *self = memory_store(store);
    ASSAY_ASSERT(self->scans == 0);
    if (!self->open) return ASSAY_OK;
    if (self->broken) {
        memory_rollback(store);
        return ASSAY_E_STORE;
    }
    if (is_fault_due(self, ASSAY_STORE_FAULT_COMMIT)) {
        memory_rollback(store);
        return set_error(self, "a planned failure of commit");
    }
    commit_batch(self);
    if (is_fault_due(self, ASSAY_STORE_FAULT_COMMIT_ACK))
        return set_error(self, "a planned loss of an answer");
    return ASSAY_OK;
}

/* --------------------------------------------------------------- reading */

static enum assay_status read_entry(const struct entry *entry, uint8_t *buffer, size_t capacity,
                                    size_t *len)
{
    *len = entry->len;
    if (entry->len > capacity) return ASSAY_E_FULL;
    if (entry->len > 0) assay_bytes_copy(buffer, capacity, entry->bytes, entry->len);
    return ASSAY_OK;
}

static enum assay_status memory_get(struct assay_store *store, enum assay_store_class class_,
                                    const struct assay_store_key *key, uint8_t *buffer,
                                    size_t capacity, size_t *len)
{
    struct store_memory *self = memory_store(store);
    const struct table *table = table_for(self, class_);
    if (is_fault_due(self, ASSAY_STORE_FAULT_READ))
        return set_error(self, "a planned failure of a read");
    const size_t at = lower_bound(table, key);
    if (!has_key_at(table, at, key)) return ASSAY_E_NOT_FOUND;
    return read_entry(&table->entries[at], buffer, capacity, len);
}

static enum assay_status memory_find(struct assay_store *store, enum assay_store_class class_,
                                     const uint8_t id[static 32], struct assay_store_key *key,
                                     uint8_t *buffer, size_t capacity, size_t *len)
{
    struct store_memory *self = memory_store(store);
    const struct table *table = table_for(self, class_);
    if (is_fault_due(self, ASSAY_STORE_FAULT_READ))
        return set_error(self, "a planned failure of a read");
    for (size_t i = 0; i < table->count; i++) {
        if (!assay_bytes_equal(table->entries[i].key.id, id, 32)) continue;
        *key = table->entries[i].key;
        return read_entry(&table->entries[i], buffer, capacity, len);
    }
    return ASSAY_E_NOT_FOUND;
}

static enum assay_status memory_scan(struct assay_store *store, enum assay_store_class class_,
                                     const struct assay_store_key *from,
                                     const struct assay_store_key *to, bool backwards,
                                     assay_store_visit *visit, void *context)
{
    struct store_memory *self = memory_store(store);
    const struct table *table = table_for(self, class_);
    if (is_fault_due(self, ASSAY_STORE_FAULT_READ))
        return set_error(self, "a planned failure of a read");
    const size_t first = lower_bound(table, from);
    size_t end = lower_bound(table, to);
    if (has_key_at(table, end, to)) end++;
    self->scans++;
    for (size_t i = first; i < end; i++) {
        const struct entry *entry = &table->entries[backwards ? end - 1 - (i - first) : i];
        if (!visit(context, &entry->key, assay_slice_over(entry->bytes, entry->len))) break;
    }
    self->scans--;
    return ASSAY_OK;
}

static const char *memory_error(const struct assay_store *store)
{
    const struct store_memory *self = (const struct store_memory *)store;
    return self->message != NULL ? self->message : "";
}

static void memory_close(struct assay_store **store)
{
    struct store_memory *self = memory_store(*store);
    if (self == NULL) return;
    memory_rollback(*store);
    clear_tables(self->tables);
    free(self->undos);
    free_undos(self->last, self->last_count);
    free(self->last);
    free(self);
    *store = NULL;
}

static const struct assay_store_ops memory_ops = {
    .put = memory_put,
    .prune = memory_prune,
    .commit = memory_commit,
    .rollback = memory_rollback,
    .get = memory_get,
    .find = memory_find,
    .scan = memory_scan,
    .error = memory_error,
    .close = memory_close,
};

/* --------------------------------------------------------------- for tests */

enum assay_status assay_store_memory_create(struct assay_store **out)
{
    struct store_memory *self = calloc(1, sizeof *self);
    if (self == NULL) return ASSAY_E_MEMORY;
    self->base.ops = &memory_ops;
    *out = &self->base;
    return ASSAY_OK;
}

void assay_store_memory_fail(struct assay_store *store, enum assay_store_fault fault, uint64_t k,
                             bool for_ever)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    ASSAY_ASSERT((unsigned)fault < ASSAY_STORE_FAULT_COUNT);
    memory_store(store)->plans[fault] = (struct plan){ k, for_ever };
}

void assay_store_memory_crash(struct assay_store *store)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    memory_rollback(store);
    assay_bytes_zero(memory_store(store)->plans, sizeof memory_store(store)->plans);
}

void assay_store_memory_remember(struct assay_store *store)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    memory_store(store)->remembers = true;
}

size_t assay_store_memory_last(const struct assay_store *store)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    return ((const struct store_memory *)store)->last_count;
}

void assay_store_memory_lose(struct assay_store *store, size_t count)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    struct store_memory *self = memory_store(store);
    ASSAY_ASSERT(!self->open && count <= self->last_count);
    for (; count > 0; count--)
        undo_one(self, &self->last[--self->last_count]);
}

static bool copy_table(const struct table *from, struct table *to)
{
    for (size_t i = 0; i < from->count; i++) {
        struct entry entry = { .key = from->entries[i].key, .len = from->entries[i].len };
        const struct assay_slice value = { from->entries[i].bytes, entry.len };
        if (!grow_table(to) || !copy_bytes(value, &entry.bytes)) return false;
        insert_at(to, to->count, entry);
    }
    return true;
}

/* The tables as they would be after a crash, without touching the store. */
static bool copy_committed(const struct store_memory *from, struct store_memory *to)
{
    for (size_t class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++)
        if (!copy_table(&from->tables[class_], &to->tables[class_])) return false;
    for (size_t i = from->undo_count; i > 0; i--) {
        struct undo undo = from->undos[i - 1];
        const struct assay_slice value = { undo.before.bytes, undo.before.len };
        if (!grow_table(table_for(to, undo.class_))) return false;
        if (undo.had && !copy_bytes(value, &undo.before.bytes)) return false;
        undo_one(to, &undo);
    }
    return true;
}

enum assay_status assay_store_memory_snapshot(const struct assay_store *store,
                                              struct assay_store **out)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    struct assay_store *image = NULL;
    ASSAY_TRY(assay_store_memory_create(&image));
    if (!copy_committed((const struct store_memory *)store, memory_store(image))) {
        memory_close(&image);
        return ASSAY_E_MEMORY;
    }
    *out = image;
    return ASSAY_OK;
}

enum assay_status assay_store_memory_restore(struct assay_store *store,
                                             const struct assay_store *image)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    ASSAY_ASSERT(image->ops == &memory_ops);
    struct assay_store *copy = NULL;
    ASSAY_TRY(assay_store_memory_snapshot(image, &copy));
    struct store_memory *self = memory_store(store);
    memory_rollback(store);
    free_undos(self->last, self->last_count); /* they are about what goes */
    self->last_count = 0;
    for (size_t class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++) {
        const struct table swapped = self->tables[class_];
        self->tables[class_] = memory_store(copy)->tables[class_];
        memory_store(copy)->tables[class_] = swapped;
    }
    memory_close(&copy);
    return ASSAY_OK;
}

size_t assay_store_memory_count(const struct assay_store *store, enum assay_store_class class_)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    ASSAY_ASSERT((unsigned)class_ >= 1 && (unsigned)class_ <= ASSAY_STORE_CLASS_COUNT);
    return ((const struct store_memory *)store)->tables[class_].count;
}

uint64_t assay_store_memory_bytes(const struct assay_store *store)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    const struct store_memory *self = (const struct store_memory *)store;
    uint64_t sum = 0;
    for (size_t class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++)
        for (size_t i = 0; i < self->tables[class_].count; i++)
            sum += self->tables[class_].entries[i].len;
    return sum;
}

uint64_t assay_store_memory_commits(const struct assay_store *store)
{
    ASSAY_ASSERT(store->ops == &memory_ops);
    return ((const struct store_memory *)store)->commits;
}
