import { generateKeyPairSync } from 'node:crypto'

/** As PEM. */
export interface KeyPair {
  readonly publicKey: string
  readonly privateKey: string
}

/**
 * Makes a key pair for an encrypted image. Of private keys with a passphrase, podman reads the
 * traditional form only (PKCS #1 with a DEK-Info header).
 */
export const makeKeyPair = (passphrase?: string): KeyPair =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: {
      type: 'pkcs1',
      format: 'pem',
      ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
    },
  })
