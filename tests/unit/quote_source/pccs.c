/* tests/unit/quote_source/pccs.c - PCCS for tests */
#include "tests/unit/quote_source/pccs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

char *pccs_chain_header(struct pccs *pccs, const char *name, enum assay_collateral_part chain)
{
    const struct assay_slice pem = pccs->world->bundle.files.part[chain];
    char *const header = server_room(pccs->server, 3 * pem.len + 128);
    const size_t capacity = 3 * pem.len + 128;
    int used = snprintf(header, capacity, "%s: ", name);
    for (size_t i = 0; i < pem.len; i++) {
        const uint8_t c = pem.bytes[i];
        const bool is_plain =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
        if (is_plain) header[used++] = (char)c;
        else used += snprintf(header + used, capacity - (size_t)used, "%%%02X", c);
    }
    (void)snprintf(header + used, capacity - (size_t)used, "\r\n");
    return header;
}

struct server_reply pccs_document(struct pccs *pccs, enum assay_collateral_part part,
                                  const char *name, enum assay_collateral_part chain)
{
    const struct assay_slice body = pccs->world->bundle.files.part[part];
    uint8_t *const copy = server_room(pccs->server, body.len);
    assay_bytes_copy(copy, body.len, body.bytes, body.len);
    return (struct server_reply){ .status = 200,
                                  .headers =
                                      name == NULL ? NULL : pccs_chain_header(pccs, name, chain),
                                  .body = assay_slice_over(copy, body.len) };
}

void pccs_publish(struct pccs *pccs)
{
    struct server *const server = pccs->server;
    server_clear(server, pccs->tcb_target);
    server_clear(server, PCCS_IDENTITY);
    server_clear(server, PCCS_PCK_CRL);
    server_clear(server, PCCS_ROOT_CRL);
    server_add(
        server, pccs->tcb_target,
        pccs_document(pccs, ASSAY_PART_TCB_INFO, "TCB-Info-Issuer-Chain", ASSAY_PART_TCB_CHAIN));
    server_add(server, PCCS_IDENTITY,
               pccs_document(pccs, ASSAY_PART_QE_IDENTITY, "SGX-Enclave-Identity-Issuer-Chain",
                             ASSAY_PART_QE_CHAIN));
    server_add(
        server, PCCS_PCK_CRL,
        pccs_document(pccs, ASSAY_PART_PCK_CRL, "SGX-PCK-CRL-Issuer-Chain", ASSAY_PART_PCK_CHAIN));
    server_add(server, PCCS_ROOT_CRL,
               pccs_document(pccs, ASSAY_PART_ROOT_CRL, NULL, ASSAY_PART_TCB_CHAIN));
}

struct pccs *pccs_start(void)
{
    struct pccs *const pccs = calloc(1, sizeof *pccs);
    char fmspc[13];
    cr_assert_not_null(pccs);
    pccs->world = world_open();
    pccs->server = server_start();
    pccs->folder = folder_make();
    pccs->root = assay_key_p256(pccs->world->ca.root_public);
    assay_hex_encode(pccs->world->ca.fmspc, 6, fmspc, sizeof fmspc);
    (void)snprintf(pccs->tcb_target, sizeof pccs->tcb_target, PCCS_TCB, fmspc);
    (void)snprintf(pccs->base_url, sizeof pccs->base_url, "http://127.0.0.1:%u",
                   pccs->server->port);
    pccs->config = (struct assay_fetch_config){ .cache_dir = pccs->folder.path,
                                                .insecure_for_tests = true,
                                                .attempts_max = 2,
                                                .backoff_ms = 2 };
    pccs->request = (struct assay_pcs_request){ .tee = ASSAY_TEE_SGX,
                                                .ca = ASSAY_PCS_CA_PLATFORM,
                                                .base_url = pccs->base_url,
                                                .root = &pccs->root,
                                                .at_unix_s = WORLD_AT };
    assay_bytes_copy(pccs->request.fmspc, 6, pccs->world->ca.fmspc, 6);
    pccs_publish(pccs);
    return pccs;
}

void pccs_stop(struct pccs *pccs)
{
    server_stop(pccs->server);
    folder_remove(&pccs->folder);
    world_close(pccs->world);
    free(pccs);
}
