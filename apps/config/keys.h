/*
 * apps/config/keys.h - table of keys of assayd.yaml: which layers may set them, their defaults, and
 * which of them a reload applies.
 *
 * A test holds it against the schema (daemon.c): a key in one and not in the other fails it.
 */
#ifndef ASSAY_APPS_CONFIG_KEYS_H
#define ASSAY_APPS_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

enum assay_config_reload {
    ASSAY_CONFIG_RESTART, /* read at the start */
    ASSAY_CONFIG_LIVE,    /* SIGHUP changes it in a running daemon */
};

enum assay_config_shown {
    ASSAY_CONFIG_OPEN,
    ASSAY_CONFIG_HIDDEN, /* may hold a password or a token: never printed whole */
};

struct assay_config_key {
    const char *key;     /* items of lists as in "peers[].node" */
    const char *usual;   /* default value; NULL: none, or derived */
    enum assay_config_reload reload;
    enum assay_config_shown shown;
    bool is_list;
};

/* Returns: the rows, *count of them, in the order of the documents. */
const struct assay_config_key *assay_config_keys(size_t *count);
/* key may name an item: "peers[3].node" is the row of "peers[].node". Returns: NULL when there is
 * no such key. */
const struct assay_config_key *assay_config_key_find(const char *key);
/* Returns: the known key that looks most like this one; NULL: none does. */
const char *assay_config_key_near(const char *key);

#endif
