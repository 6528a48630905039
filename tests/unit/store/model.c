/* tests/unit/store/model.c - see model.h. */
#include "tests/unit/store/model.h"

#include "base/assert.h"

uint64_t model_random(uint64_t *seed)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static bool below(const struct assay_store_key *key, uint32_t era, uint64_t epoch)
{
    return key->era == era && key->epoch < epoch;
}

static bool same_key(const struct assay_store_key *a, const struct assay_store_key *b)
{
    return a->era == b->era && a->epoch == b->epoch && a->number == b->number &&
           assay_bytes_equal(a->id, b->id, sizeof a->id);
}

/* Written apart from assay_store_key_compare on purpose. */
static bool key_less(const struct assay_store_key *a, const struct assay_store_key *b)
{
    if (a->era < b->era) return true;
    if (a->era > b->era) return false;
    if (a->epoch < b->epoch) return true;
    if (a->epoch > b->epoch) return false;
    if (a->number < b->number) return true;
    if (a->number > b->number) return false;
    for (size_t i = 0; i < sizeof a->id; i++)
        if (a->id[i] != b->id[i]) return a->id[i] < b->id[i];
    return false;
}

void model_put(struct model *model, enum assay_store_class class_,
               const struct assay_store_key *key, const uint8_t *value, size_t len)
{
    struct model_list *list = &model->working;
    size_t at = 0;
    while (at < list->count &&
           !(list->items[at].class_ == class_ && same_key(&list->items[at].key, key)))
        at++;
    ASSAY_ASSERT(at < MODEL_ITEMS_MAX && len <= MODEL_VALUE_MAX);
    if (at == list->count) list->count++;
    list->items[at] = (struct model_item){ .class_ = class_, .key = *key, .len = len };
    if (len > 0) assay_bytes_copy(list->items[at].value, MODEL_VALUE_MAX, value, len);
}

void model_prune(struct model *model, enum assay_store_class class_, uint32_t era, uint64_t epoch)
{
    struct model_list *list = &model->working;
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].class_ != class_ || !below(&list->items[i].key, era, epoch))
            list->items[kept++] = list->items[i];
    list->count = kept;
}

void model_commit(struct model *model)
{
    model->committed = model->working;
}

void model_rollback(struct model *model)
{
    model->working = model->committed;
}

/* --------------------------------------------------------------- comparing */

struct walk {
    const struct model_list *list;
    enum assay_store_class class_;
    bool backwards;
    bool has_last;
    struct assay_store_key last;
    size_t seen;
    const char *difference;
};

static const struct model_item *item_of(const struct model_list *list,
                                        enum assay_store_class class_,
                                        const struct assay_store_key *key)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].class_ == class_ && same_key(&list->items[i].key, key))
            return &list->items[i];
    return NULL;
}

static bool visit(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct walk *walk = context;
    const struct model_item *item = item_of(walk->list, walk->class_, key);
    if (item == NULL) walk->difference = "scan shows a key that should not be there";
    else if (!assay_slice_equal(value, assay_slice_over(item->value, item->len)))
        walk->difference = "scan shows another value";
    if (walk->has_last &&
        !(walk->backwards ? key_less(key, &walk->last) : key_less(&walk->last, key)))
        walk->difference = "scan is out of order";
    walk->has_last = true;
    walk->last = *key;
    walk->seen++;
    return walk->difference == NULL;
}

static const char *compare_class(const struct model_list *list, enum assay_store_class class_,
                                 struct assay_store *store, bool backwards)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0 } };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    size_t expected = 0;
    for (size_t i = 0; i < list->count; i++)
        expected += list->items[i].class_ == class_;
    struct walk walk = { .list = list, .class_ = class_, .backwards = backwards };
    if (assay_store_scan(store, class_, &from, &to, backwards, visit, &walk) != ASSAY_OK)
        return "scan failed";
    if (walk.difference != NULL) return walk.difference;
    return walk.seen == expected ? NULL : "scan shows another number of keys";
}

static const char *compare_item(const struct model_list *list, const struct model_item *item,
                                struct assay_store *store)
{
    uint8_t buffer[MODEL_VALUE_MAX];
    size_t len = 0;
    if (assay_store_get(store, item->class_, &item->key, buffer, sizeof buffer, &len) != ASSAY_OK)
        return "get misses a key";
    if (len != item->len || !assay_bytes_equal(buffer, item->value, len))
        return "get shows another value";
    const struct model_item *first = item; /* of its id in its class, in key order */
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].class_ == item->class_ &&
            assay_bytes_equal(list->items[i].key.id, item->key.id, 32) &&
            key_less(&list->items[i].key, &first->key))
            first = &list->items[i];
    struct assay_store_key key = { 0 };
    if (assay_store_find(store, item->class_, item->key.id, &key, buffer, sizeof buffer, &len) !=
        ASSAY_OK)
        return "find misses an id";
    if (!same_key(&key, &first->key)) return "find shows another key";
    if (len != first->len || !assay_bytes_equal(buffer, first->value, len))
        return "find shows another value";
    return NULL;
}

const char *model_compare(const struct model_list *list, struct assay_store *store)
{
    const char *difference = NULL;
    for (int class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT && difference == NULL; class_++) {
        difference = compare_class(list, (enum assay_store_class)class_, store, false);
        if (difference == NULL)
            difference = compare_class(list, (enum assay_store_class)class_, store, true);
    }
    for (size_t i = 0; i < list->count && difference == NULL; i++)
        difference = compare_item(list, &list->items[i], store);
    return difference;
}

/* --------------------------------------------------------------- programs */

static enum assay_status one_put(uint64_t *seed, uint32_t n, struct assay_store *store,
                                 struct model *model)
{
    const enum assay_store_class class_ =
        (enum assay_store_class)(1 + model_random(seed) % ASSAY_STORE_CLASS_COUNT);
    struct assay_store_key key = { .epoch = n / 4 + model_random(seed) % 3,
                                   .number = model_random(seed) % 5 };
    key.era = (uint32_t)(model_random(seed) % 2);
    key.id[31] = (uint8_t)(model_random(seed) % 3);
    uint8_t value[MODEL_VALUE_MAX];
    const size_t len = model_random(seed) % (sizeof value + 1);
    for (size_t i = 0; i < len; i++)
        value[i] = (uint8_t)model_random(seed);
    if (model != NULL) model_put(model, class_, &key, value, len);
    if (store == NULL) return ASSAY_OK;
    return assay_store_put(store, class_, &key, assay_slice_over(value, len));
}

enum assay_status model_batch(uint64_t seed, uint32_t n, struct assay_store *store,
                              struct model *model)
{
    seed ^= (uint64_t)n << 32;
    const uint64_t puts = 1 + model_random(&seed) % 6;
    for (uint64_t i = 0; i < puts; i++)
        ASSAY_TRY(one_put(&seed, n, store, model));
    if (model_random(&seed) % 3 != 0 || n < 8) return ASSAY_OK;
    for (int class_ = 1; class_ <= ASSAY_STORE_CLASS_COUNT; class_++)
        for (uint32_t era = 0; era < 2; era++) {
            if (model != NULL) model_prune(model, (enum assay_store_class)class_, era, n / 4 - 1);
            if (store == NULL) continue;
            ASSAY_TRY(assay_store_prune(store, (enum assay_store_class)class_, era, n / 4 - 1));
        }
    return ASSAY_OK;
}
