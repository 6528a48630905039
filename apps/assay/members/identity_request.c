/*
 * apps/assay/members/identity_request.c - request for a new identity key of a node, as JSON.
 */
#include "apps/assay/members/identity_request.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/output.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_LEN_MAX = 4096 };

static const char schema[] = "assay.node.identity";

int cli_identity_request_write(const char *command, const char *path,
                               const struct cli_identity_request *request)
{
    struct assay_json *document = assay_json_object(), *const data = assay_json_object();
    assay_json_set_text(document, "schema", schema);
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_hex(data, "chain_id", request->chain_id, sizeof request->chain_id);
    assay_json_set_hex(data, "node_id", request->node_id, sizeof request->node_id);
    assay_json_set_uint(data, "era", request->era);
    assay_json_set_uint(data, "sequence", request->sequence);
    assay_json_set_hex(data, "identity_public", request->public_key, sizeof request->public_key);
    assay_json_set_hex(data, "signature", request->signature, sizeof request->signature);
    assay_json_set(document, "data", data);
    char *const text = assay_json_print(document, 2);
    assay_json_free(&document);
    if (text == NULL) {
        (void)fprintf(stderr, "%s: %s\n", command, assay_status_text(ASSAY_E_MEMORY));
        return ASSAY_EXIT_INTERNAL;
    }
    const int result =
        cli_output_write(command, path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)));
    free(text);
    return result;
}

/* A change of operators has a number, so that 0 is none. */
static enum assay_status read_numbers(const struct assay_json *data,
                                      struct cli_identity_request *request, const char **field)
{
    const uint64_t era = assay_json_uint(data, "era", UINT64_MAX);
    request->era = (uint32_t)era;
    request->sequence = assay_json_uint(data, "sequence", 0);
    if (era <= UINT32_MAX && request->sequence > 0) return ASSAY_OK;
    *field = era > UINT32_MAX ? "data.era" : "data.sequence";
    return ASSAY_E_RANGE;
}

/* Out: *field: the first that cannot be read, NULL: none. */
static enum assay_status read_fields(const struct assay_json *data,
                                     struct cli_identity_request *request, const char **field)
{
    const struct {
        const char *name, *key;
        uint8_t *out;
        size_t len;
    } fields[] = {
        { "data.chain_id", "chain_id", request->chain_id, sizeof request->chain_id },
        { "data.node_id", "node_id", request->node_id, sizeof request->node_id },
        { "data.identity_public", "identity_public", request->public_key,
          sizeof request->public_key },
        { "data.signature", "signature", request->signature, sizeof request->signature },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const char *const hex = assay_json_text(data, fields[i].key, "");
        const enum assay_status status =
            assay_hex_decode(hex, strlen(hex), fields[i].out, fields[i].len);
        if (status == ASSAY_OK) continue;
        *field = fields[i].name;
        return status;
    }
    return read_numbers(data, request, field);
}

enum assay_status cli_identity_request_read(const char *path, struct cli_identity_request *request,
                                            const char **field)
{
    struct assay_json *document = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    *request = (struct cli_identity_request){ .chain_id = { 0 } };
    enum assay_status status = assay_file_read(path, REQUEST_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_json_parse((const char *)bytes, len, &document);
    if (status == ASSAY_OK && (strcmp(assay_json_text(document, "schema", ""), schema) != 0 ||
                               assay_json_uint(document, "schema_version", 0) != 1))
        status = ASSAY_E_VERSION;
    *field = NULL;
    if (status == ASSAY_OK) status = read_fields(assay_json_get(document, "data"), request, field);
    assay_json_free(&document);
    free(bytes);
    return status;
}
