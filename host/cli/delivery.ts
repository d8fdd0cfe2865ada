/** What the meters of `serve` are delivered with: the template in its suite, and the identity, keys and certificates of each. */
import { equal, toHex } from "../client/octets.ts";
import { demoMeter, demoWorld, meterCertificates, type DemoWorld } from "../keys/demo.ts";
import { provisionRead, type Provision } from "../keys/provision.ts";
import type { Compiled } from "../template/compile.ts";
import type { Extension } from "../template/document.ts";
import { meterIdentity, provisionRecords, type MeterIdentity, type MeterPlace } from "../template/identity.ts";
import { templateLoad } from "../template/load.ts";
import { TemplateModel, type TemplateParts } from "../template/model.ts";
import { suiteApply, suiteOfTemplate } from "../template/suite.ts";
import { ServeError } from "./serve_options.ts";

export interface DeliveryOptions {
  template: string;
  override: string[];
  extensions?: Extension[];
  meters: number;
  seed: number;
  suite?: number;
  provision?: string;
}

type Change = NonNullable<Parameters<typeof templateLoad>[2]>;

/** What a Delivery is made of: plain values, which another thread can be given. */
export interface DeliveryParts {
  readonly image: Uint8Array;
  readonly template: TemplateParts;
  readonly suite: number;
  readonly seed: number;
  readonly provision: Provision | undefined;
}

export class Delivery {
  readonly compiled: Compiled;
  readonly suite: number;
  private readonly seed: number;
  private readonly provision: Provision | undefined;
  private readonly world: DemoWorld | undefined;

  constructor({ image, template, suite, seed, provision }: DeliveryParts) {
    this.compiled = { image, model: new TemplateModel(template) };
    this.suite = suite;
    this.seed = seed;
    this.provision = provision;
    if (provision === undefined && suite > 0) this.world = demoWorld(suite, seed);
  }

  /** As the options want it; `change` is made to the template at last. @throws ServeError, TemplateError, ProvisionError */
  static read(options: DeliveryOptions, change: Change = (document) => document): Delivery {
    const provision = options.provision === undefined ? undefined : provisionRead(options.provision);
    const wanted = options.suite ?? provision?.suite;
    let suite = 0;
    const { image, model } = templateLoad(
      options.template,
      options.override,
      (document) => {
        const changed = wanted === undefined ? document : suiteApply(document, wanted);
        suite = suiteOfTemplate(changed);
        return change(changed);
      },
      options.extensions,
    );
    const delivery = new Delivery({ image, template: model.parts, suite, seed: options.seed, provision });
    if (provision !== undefined) delivery.provisionCheck(provision, options);
    return delivery;
  }

  get parts(): DeliveryParts {
    const { image, model } = this.compiled;
    return { image, template: model.parts, suite: this.suite, seed: this.seed, provision: this.provision };
  }

  private provisionCheck(provision: Provision, { meters, provision: path }: DeliveryOptions): void {
    if (provision.suite !== this.suite) {
      throw new ServeError(
        `${path}: made for suite ${provision.suite}, not ${this.suite}; give --suite ${provision.suite}`,
      );
    }
    if (provision.meters.length < meters) {
      throw new ServeError(`${path}: ${provision.meters.length} meters for --meters ${meters}`);
    }
    for (let i = 0; i < meters; i++) {
      const [own, named] = [this.identity(i).systemTitle, provision.meters[i]!.systemTitle];
      if (equal(own, named)) continue;
      const titles = `${toHex(named)}, but meter ${i} is ${toHex(own)}`;
      throw new ServeError(`${path}: meter ${i} is ${titles}; give the --seed that the file was made with`);
    }
  }

  /** Who meter `index` is; its keys are those of the provision file, or published ones. */
  identity(index: number): MeterIdentity {
    const { identity } = this.compiled.model.parts;
    const meter = meterIdentity(identity, this.seed, index, "published", this.suite);
    const own = this.provision?.meters[index]?.keys;
    return own === undefined ? meter : { ...meter, keys: own };
  }

  /** Whether the keys are nobody's secret. */
  get isPublished(): boolean {
    return this.provision === undefined;
  }

  /** The provision records of meter `index`. */
  records(index: number, place: MeterPlace): Uint8Array {
    const identity = this.identity(index);
    const certificates = this.provision
      ? this.provision.meters[index]!.certificates
      : this.world && meterCertificates(this.world, demoMeter(this.world, identity.systemTitle));
    const whole = certificates === undefined ? place : { ...place, certificates };
    return provisionRecords(identity, this.compiled.model, whole);
  }
}
