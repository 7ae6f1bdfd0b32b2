using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Gache.Bench.Keys;
using Gache.Bench.Load;
using Gache.Bench.Wire;
using static Gache.Bench.Wire.KeyWire;

namespace Gache.Compare.Wires;

/// <summary>etcd's JSON gateway: <c>/v3/kv/put</c> and <c>/v3/kv/range</c>, keys and values in base64.</summary>
internal sealed class EtcdJsonWire(KeySpace keys) : IWire
{
    private const int FixedBytes = 512;

    public int MaxRequestBytes => FixedBytes + Base64.GetMaxEncodedToUtf8Length(keys.MaxKeyBytes) + Base64.GetMaxEncodedToUtf8Length(keys.MaxValueBytes);

    public int Encode(Span<byte> into, in Ask ask, Endpoint to)
    {
        Span<byte> key = stackalloc byte[keys.MaxKeyBytes];
        key = key[..keys.WriteKey(key, ask.Key)];
        int keyLength = Encoded(key.Length);
        int valueLength = ask.IsRead ? 0 : keys.ValueLength(ask.Key);
        int body = "{\"key\":\"\"}".Length + keyLength + (ask.IsRead ? 0 : ",\"value\":\"\"".Length + Encoded(valueLength));

        int at = Append(into, 0, ask.IsRead ? "POST /v3/kv/range HTTP/1.1\r\nHost: "u8 : "POST /v3/kv/put HTTP/1.1\r\nHost: "u8);
        at = Append(into, at, to.HostField);
        at = Append(into, at, "\r\nContent-Type: application/json\r\nContent-Length: "u8);
        Utf8Formatter.TryFormat(body, into[at..], out int digits);
        at = Append(into, at + digits, "\r\n\r\n{\"key\":\""u8);
        Base64.EncodeToUtf8(key, into[at..], out _, out int written);
        at = Append(into, at + written, "\""u8);
        if (!ask.IsRead)
        {
            at = Append(into, at, ",\"value\":\""u8);
            keys.WriteValue(into[at..], ask.Key);
            Base64.EncodeToUtf8InPlace(into[at..], valueLength, out written);
            at = Append(into, at + written, "\""u8);
        }

        return Append(into, at, "}"u8);
    }

    public int SlotOf(int key) => 0; // it never redirects

    public IAnswerReader CreateReader() => new Answer(keys);

    private static int Encoded(int bytes) => (bytes + 2) / 3 * 4;

    private sealed class Answer(KeySpace keys) : HttpAnswer, IAnswerReader
    {
        private readonly byte[] value = new byte[Base64.GetMaxEncodedToUtf8Length(keys.MaxValueBytes)];
        private readonly byte[] body = new byte[FixedBytes + Base64.GetMaxEncodedToUtf8Length(keys.MaxKeyBytes) + Base64.GetMaxEncodedToUtf8Length(keys.MaxValueBytes)];
        private int bodyLength;
        private bool isTooLong;
        private Ask ask;

        public bool IsLast => Closes;

        public string? Owner => null;

        public Verdict Verdict => Fault is null && Status == 200 && !isTooLong && IsRight ? Verdict.Right : Verdict.Wrong;

        public string Reason => Fault ?? string.Create(CultureInfo.InvariantCulture, $"key {ask.Key}: {Status} {Encoding.UTF8.GetString(body, 0, Math.Min(bodyLength, 300))}");

        private bool IsRight
        {
            get
            {
                ReadOnlySpan<byte> text = body.AsSpan(0, bodyLength);
                if (!text.StartsWith("{\"header\":{"u8)) return false;
                if (!ask.IsRead) return true;
                int length = keys.WriteValue(value, ask.Key);
                Base64.EncodeToUtf8InPlace(value, length, out int written);
                return text.IndexOf(value.AsSpan(0, written)) >= 0;
            }
        }

        public void Begin(in Ask ask)
        {
            this.ask = ask;
            bodyLength = 0;
            isTooLong = false;
            BeginAnswer();
        }

        protected override void OnHead()
        {
            // the body tells
        }

        protected override void OnBody(ReadOnlySpan<byte> piece)
        {
            isTooLong |= piece.Length > body.Length - bodyLength;
            if (isTooLong) return;
            piece.CopyTo(body.AsSpan(bodyLength));
            bodyLength += piece.Length;
        }
    }
}
