using System.Globalization;
using System.Text;
using Gache.Bench.Keys;

namespace Gache.Bench.Wire;

/// <summary>Answers under <c>/key/</c>, judged by the contract: status, length, and a read's bytes.</summary>
internal sealed class KeyAnswer(KeySpace keys, Verification verification) : HttpAnswer, IAnswerReader
{
    /// <summary>What is kept of a body that tells why.</summary>
    private const int MaxReason = 400;

    private readonly StringBuilder words = new();
    private ValueCheck value = new(keys);
    private long bodyBytes;
    private Ask ask;

    /// <inheritdoc/>
    public bool IsLast => Closes;

    /// <inheritdoc/>
    public string? Owner => Uri.TryCreate(Location, UriKind.Absolute, out Uri? to) && to.Scheme == Uri.UriSchemeHttp ? to.Authority : null;

    /// <inheritdoc/>
    public Verdict Verdict => Fault is not null ? Verdict.Wrong : Status switch
    {
        200 when ask.IsRead => IsValueRight ? Verdict.Right : Verdict.Wrong,
        200 or 201 when !ask.IsRead => bodyBytes == 0 || verification == Verification.Status ? Verdict.Right : Verdict.Wrong,
        404 when ask.IsRead => ask.IsKnown ? Verdict.Wrong : Verdict.Missing,
        307 or 308 => Owner is null ? Verdict.Wrong : Verdict.Redirected,
        429 or 503 or 504 or 507 => Verdict.Refused,
        _ => Verdict.Wrong,
    };

    /// <inheritdoc/>
    public string Reason
    {
        get
        {
            string asked = string.Create(CultureInfo.InvariantCulture, $"{(ask.IsRead ? "GET" : "POST")} of key {ask.Key}: ");
            if (Fault is not null) return asked + Fault;
            string status = string.Create(CultureInfo.InvariantCulture, $"{asked}{Status}");
            if (Status == 200 && ask.IsRead) return $"{status}, {value.Difference}";
            if (Status is 200 or 201) return string.Create(CultureInfo.InvariantCulture, $"{status} with a body of {bodyBytes} bytes");
            if (Status == 404) return $"{status}, and it had been set: {words}";
            return words.Length > 0 ? $"{status} {words}" : status;
        }
    }

    /// <summary>What was not set by this run may be anything.</summary>
    private bool IsValueRight => verification switch
    {
        Verification.Status => true,
        Verification.Length => !ask.IsKnown || value.HasLength,
        _ => !ask.IsKnown || value.IsWhole,
    };

    /// <inheritdoc/>
    public void Begin(in Ask ask)
    {
        this.ask = ask;
        bodyBytes = 0;
        words.Clear();
        if (ask.IsRead) value.Begin(ask.Key);
        BeginAnswer();
    }

    /// <inheritdoc/>
    protected override void OnHead()
    {
        // judged when it is whole
    }

    /// <inheritdoc/>
    protected override void OnBody(ReadOnlySpan<byte> piece)
    {
        bodyBytes += piece.Length;
        if (Status == 200 && ask.IsRead) value.Take(piece);
        else if (words.Length < MaxReason) words.Append(Encoding.UTF8.GetString(piece[..Math.Min(piece.Length, MaxReason - words.Length)]));
    }
}
