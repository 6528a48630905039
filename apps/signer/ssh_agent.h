/*
 * apps/signer/ssh_agent.h - key of an ssh-agent: client of its protocol
 * (draft-ietf-sshm-ssh-agent), which gpg-agent has too, with the keys of OpenPGP cards.
 */
#ifndef ASSAY_APPS_SIGNER_SSH_AGENT_H
#define ASSAY_APPS_SIGNER_SSH_AGENT_H

#include "apps/signer/fault.h"
#include "base/crypto.h"

enum { ASSAY_SSH_AGENT_MESSAGE_MAX = 256 * 1024 }; /* OpenSSH's limit, in both directions */

struct assay_ssh_agent;

/*
 * assay_ssh_agent_open - find one P-256 key of the agent at SSH_AUTH_SOCK.
 * In:      name: "SHA256:" and the fingerprint as `ssh-add -l` prints it, or the key's comment
 * Out:     *agent, which assay_ssh_agent_close frees, also where it fails; public_key as the agent
 *          shows it, not verified
 * Returns: true | false and *fault
 */
bool assay_ssh_agent_open(const char *name, uint32_t timeout_ms, struct assay_ssh_agent **agent,
                          uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                          struct assay_signer_fault *fault);
/* The agent hashes the body with SHA-256 itself. Out: signature as the agent returns it, not
 * verified, s of any size. Returns: true | false and *fault */
bool assay_ssh_agent_sign(struct assay_ssh_agent *agent, struct assay_slice body,
                          uint32_t timeout_ms, uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                          struct assay_signer_fault *fault);
/* Accepts a NULL agent; sets *agent to NULL. */
void assay_ssh_agent_close(struct assay_ssh_agent **agent);

#endif
