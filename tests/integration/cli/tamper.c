/*
 * tests/integration/cli/tamper.c - changes one byte of one item of a store, through the store: its
 * own checksum agrees with what was done.
 *
 * usage: tamper STORE CLASS INDEX BYTE    the INDEX-th item of that number of a class
 *        tamper STORE CLASS INDEX epoch   stored under the next epoch as well, its bytes unchanged
 */
#include "engine/store/store_sqlite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct target {
    size_t skip;
    bool found;
    struct assay_store_key key;
    uint8_t *value;
    size_t len;
};

static bool take_one(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct target *t = context;
    if (t->skip-- > 0) return true;
    t->found = true;
    t->key = *key;
    t->len = value.len;
    t->value = malloc(value.len + 1);
    if (t->value != NULL) assay_bytes_copy(t->value, value.len, value.bytes, value.len);
    return false;
}

static int tamper(struct assay_store *store, enum assay_store_class class_, size_t index,
                  const char *what)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    struct target t = { .skip = index };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    if (assay_store_scan(store, class_, &from, &to, false, take_one, &t) != ASSAY_OK) return 1;
    if (!t.found || t.value == NULL) return 1;
    if (strcmp(what, "epoch") == 0) t.key.epoch++;
    else t.value[strtoul(what, NULL, 10) % t.len] ^= 0x01;
    const bool done =
        assay_store_put(store, class_, &t.key, assay_slice_over(t.value, t.len)) == ASSAY_OK &&
        assay_store_commit(store) == ASSAY_OK;
    free(t.value);
    return done ? 0 : 1;
}

int main(int argc, char **argv)
{
    char message[ASSAY_STORE_MESSAGE_LEN];
    struct assay_store *store = NULL;
    if (argc != 5) return 2;
    if (assay_store_sqlite_open(argv[1], &store, message, sizeof message) != ASSAY_OK) {
        fprintf(stderr, "tamper: %s\n", message);
        return 1;
    }
    const int result = tamper(store, (enum assay_store_class)strtoul(argv[2], NULL, 10),
                              strtoul(argv[3], NULL, 10), argv[4]);
    assay_store_close(&store);
    if (result != 0) fprintf(stderr, "tamper: there is no such item\n");
    return result;
}
