import { createPrivateKey, sign } from "node:crypto";
import { readFile } from "node:fs/promises";

/** The shop's private key as `laurel receipt shop` writes it: a JWK (RFC 7517), with the merchant that it belongs to. */
interface ShopKey extends JsonWebKey {
  alg: string;
  kid: string;
  merchant_id: string;
}

const VALID_SECONDS = 3_600;

/** The key in LAUREL_SHOP_SIGNING_KEY_FILE, read anew each time: it may be rotated. Raises when it is not there. */
async function shopKey(): Promise<ShopKey> {
  const file = process.env.LAUREL_SHOP_SIGNING_KEY_FILE;
  if (!file) throw new Error("LAUREL_SHOP_SIGNING_KEY_FILE must name the demo shop's signing key");
  return JSON.parse(await readFile(file, "utf8")) as ShopKey;
}

/**
 * A purchase at the shop as Laurel takes it from a member: with the shop's merchant id and its signature, a compact JWS
 * (RFC 7515, Ed25519). docs/receipts.md says what is signed.
 */
export async function withReceipt<Purchase extends object>(purchase: Purchase) {
  const key = await shopKey();
  const claimed = { merchant_id: key.merchant_id, ...purchase };
  const exp = Math.floor(Date.now() / 1000) + VALID_SECONDS;
  const signed = `${encoded({ alg: key.alg, kid: key.kid })}.${encoded({ ...claimed, exp })}`;
  const signature = sign(null, Buffer.from(signed), createPrivateKey({ key: { ...key }, format: "jwk" }));
  return { ...claimed, receipt: `${signed}.${signature.toString("base64url")}` };
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
