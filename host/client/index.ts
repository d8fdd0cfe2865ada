/** The client in one import, for tests and tools. */

export * from "./apdu.ts";
export * from "./apdu_parts.ts";
export * from "./apdu_short.ts";
export { CONTEXT, contextName, MECHANISM, mechanismName, type Aare, type Aarq, type Release } from "./acse.ts";
export { CLIENT_TITLE_DEFAULT, type Authentication, type SecurityLevel } from "./association.ts";
export { decodeData, encodeData, rangeOf, TAG, type Data, type DataType } from "./axdr.ts";
export { COSEM_XML_NAMESPACE, cosemXml, dataXml } from "./cosem_xml.ts";
export * as data from "./data.ts";
export * from "./date_time.ts";
export * from "./errors.ts";
export * from "./firmware.ts";
export { HdlcLink } from "./hdlc.ts";
export { OPENING_BAUD, readout, readoutLineParse, signOn, type Identification, type SignOnOptions } from "./mode_e.ts";
export * as hdlcFrame from "./hdlc_frame.ts";
export { hlsAnswer, hlsCheck, type Handshake } from "./hls.ts";
export { CONFORMANCE, CONFORMANCE_OF_CLIENT, CONFORMANCE_OF_CLIENT_SN, conformanceNames } from "./initiate.ts";
export { logicalNameCanonical, logicalNameParse, logicalNameText } from "./logical_name.ts";
export {
  confirmationOf,
  NotificationReader,
  type Notification,
  type NotificationKeys,
  type NotificationProtection,
} from "./notification.ts";
export * from "./objects.ts";
export { concat, equal, fromHex, Reader, toHex, Writer } from "./octets.ts";
export * from "./profile.ts";
export * from "./results.ts";
export { protect, SC, unprotect } from "./sealing.ts";
export { Security, type Family, type Layer } from "./security.ts";
export { attribute, Client, method, type ClientHooks, type ClientHdlcOptions, type ClientOptions } from "./session.ts";
export * from "./transport.ts";
export { readService, unconfirmedWriteService, writeService } from "./services_short.ts";
export { ASSOCIATION_CURRENT, CLASS_ASSOCIATION_SN, ShortNames, shortNameEntriesOf } from "./short_names.ts";
export { scaledText, unitName } from "./units.ts";
export { explicitValue, fromJson, valueLike } from "./value.ts";
export { WpduReader, WrapperLink, wpduDecode, wpduEncode, type Wpdu } from "./wrapper.ts";
