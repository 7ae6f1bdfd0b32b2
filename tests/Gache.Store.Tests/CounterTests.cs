using System.Globalization;
using System.Numerics;
using System.Text;
using CsCheck;
using Xunit;

namespace Gache.Store.Tests;

public sealed class CounterTests
{
    // Near zero, near the ends, and anywhere.
    private static readonly Gen<long> Numbers = Gen.OneOf(
        Gen.Long[-3, 3], Gen.Long[long.MinValue, long.MinValue + 3], Gen.Long[long.MaxValue - 3, long.MaxValue], Gen.Long);

    [Fact]
    public void A_number_is_written_and_read_as_everybody_else_does() => Numbers.Sample(number =>
    {
        Span<byte> buffer = stackalloc byte[DecimalText.MaxBytes];
        ReadOnlySpan<byte> text = DecimalText.Format(number, buffer);
        Assert.Equal(number.ToString(CultureInfo.InvariantCulture), Encoding.ASCII.GetString(text));
        Assert.True(DecimalText.TryParse(text, out long read));
        Assert.Equal(number, read);
    });

    [Fact]
    public void An_addition_does_what_whole_numbers_without_end_do_within_its_bounds() =>
        Gen.Select(Numbers.Nullable(0.2), Numbers, Numbers, Numbers).Sample((present, delta, one, two) =>
        {
            using var store = new KeyValueStore();
            if (present is { } number) store.Set("c"u8, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
            var terms = new CounterTerms(delta, Math.Min(one, two), Math.Max(one, two));
            ulong before = store.Revision;

            ApplyResult result = store.Write(CommandKind.Add, "c"u8, [], new WriteOptions { Counter = terms });

            BigInteger sum = (BigInteger)(present ?? 0) + delta;
            bool isWithin = sum >= terms.Min && sum <= terms.Max;
            Assert.Equal(isWithin
                ? new ApplyResult(ApplyStatus.Done, before + 1, present is not null, (long)sum)
                : new ApplyResult(ApplyStatus.OutOfRange, before, present is not null), result);
            string? expected = isWithin ? sum.ToString(CultureInfo.InvariantCulture) : present?.ToString(CultureInfo.InvariantCulture);
            Assert.Equal(expected, store.Get("c"u8) is { } value ? Encoding.ASCII.GetString(value) : null);
        }, iter: 5_000);

    [Fact]
    public void What_is_no_number_is_not_added_to()
    {
        using var store = new KeyValueStore();
        store.Set("c"u8, "1e3"u8);
        UInt128 before = store.Checksum;
        Assert.Equal(
            new ApplyResult(ApplyStatus.NotANumber, 1, true), store.Write(CommandKind.Add, "c"u8, [], new WriteOptions { Counter = new CounterTerms(1) }));
        Assert.Equal(before, store.Checksum);
    }
}
