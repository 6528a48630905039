/*
 * apps/config/contexts.h - networks that the command line reaches over HTTPS: contexts.yaml.
 *
 * The file decides which servers are trusted as a network, so only its owner may change it.
 */
#ifndef ASSAY_APPS_CONFIG_CONTEXTS_H
#define ASSAY_APPS_CONFIG_CONTEXTS_H

#include "apps/config.h"

enum {
    ASSAY_CONTEXTS_MAX = 64,
    ASSAY_CONTEXT_NAME_MAX = 32,
    ASSAY_CONTEXT_ENDPOINTS_MAX = 8,
    ASSAY_CONTEXT_ENDPOINT_MAX = 255,
};

struct assay_network_context {
    char name[ASSAY_CONTEXT_NAME_MAX + 1];
    size_t endpoint_count;
    char endpoints[ASSAY_CONTEXT_ENDPOINTS_MAX][ASSAY_CONTEXT_ENDPOINT_MAX + 1];
    char ca[PATH_MAX], certificate[PATH_MAX], key[PATH_MAX];
    uint8_t chain_id[32]; /* of the network, and of no other */
};

struct assay_contexts {
    char current[ASSAY_CONTEXT_NAME_MAX + 1]; /* "": the admin socket */
    size_t count;
    struct assay_network_context *list; /* [ASSAY_CONTEXTS_MAX], of malloc */
};

/* $XDG_CONFIG_HOME/assay/contexts.yaml, else ~/.config/assay/contexts.yaml. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND (the user has no home) | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_contexts_path(char path[static PATH_MAX]);
/*
 * assay_contexts_load - read the file.
 * Out:     *out, whatever the status: assay_contexts_free frees it; message
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_INVALID (others may change it, or read a key) |
 *          as assay_config_open
 */
ASSAY_CHECKED enum assay_status assay_contexts_load(const char *path, struct assay_contexts *out,
                                                    char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/* Accepts an empty one; empties it. */
void assay_contexts_free(struct assay_contexts *contexts);
/* Returns: the context of a name, NULL: there is none. */
struct assay_network_context *assay_contexts_find(const struct assay_contexts *contexts,
                                                  const char *name);
/* A name: 1 to 32 letters, digits, "-", "_" and ".", and not "local". Returns: whether. */
bool assay_contexts_name_is_fit(const char *name);
/* "https://HOST:PORT" without a path. Returns: whether. */
bool assay_contexts_endpoint_is_fit(const char *endpoint);
/*
 * assay_contexts_save - replace the file, mode 0600; its folder is made, mode 0700.
 * Returns: ASSAY_OK | ASSAY_E_INVALID (a path that cannot be written: control characters, quotes,
 *          backslashes) | ASSAY_E_IO | ASSAY_E_MEMORY, with a message
 */
ASSAY_CHECKED enum assay_status assay_contexts_save(const char *path,
                                                    const struct assay_contexts *contexts,
                                                    char message[static ASSAY_CONFIG_MESSAGE_MAX]);

#endif
