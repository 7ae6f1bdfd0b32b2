using System.Text;
using CsCheck;
using Gache.Bench.Keys;
using Xunit;

namespace Gache.Bench.Tests;

/// <summary>Which keys come, what their values are, and how values are compared.</summary>
public sealed class KeysTests
{
    private const int Draws = 200_000;

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.99)]
    [InlineData(1.0)]
    [InlineData(2.0)]
    public void Zipfian_keys_come_as_often_as_the_law_says(double skew)
    {
        const int count = 50;
        int[] seen = Draw(new ZipfianKeys(seed: 3, count, skew), count);
        double whole = Enumerable.Range(1, count).Sum(rank => Math.Pow(rank, -skew));
        double deviation = 0;
        for (int key = 0; key < count; key++)
        {
            double expected = Draws * Math.Pow(key + 1, -skew) / whole;
            deviation += Math.Pow(seen[key] - expected, 2) / expected;
        }

        // Chi-squared with 49 degrees: above 94 in one of ten thousand; the dice are seeded, so this run is always the same.
        Assert.InRange(deviation, 10, 94);
    }

    [Fact]
    public void Uniform_keys_come_equally_often()
    {
        const int count = 50;
        int[] seen = Draw(new UniformKeys(seed: 3, count), count);
        double expected = Draws / (double)count;

        Assert.InRange(seen.Sum(times => Math.Pow(times - expected, 2) / expected), 10, 94);
    }

    [Fact]
    public void One_key_is_drawn_always()
    {
        Assert.Equal([Draws], Draw(new ZipfianKeys(1, 1, 0.99), 1));
        Assert.Equal([Draws], Draw(new UniformKeys(1, 1), 1));
    }

    [Fact]
    public void Sequential_keys_of_all_callers_together_are_each_key_once_a_round()
    {
        const int callers = 7;
        const int count = 100;
        IKeySource[] sources = [.. Enumerable.Range(0, callers).Select(number => new SequentialKeys(number, callers, count))];
        int[] seen = new int[count];
        for (int i = 0; i < callers * count; i++)
        {
            Assert.True(sources[i % callers].TryNext(out int key));
            seen[key]++;
        }

        Assert.All(seen, times => Assert.Equal(callers, times));
    }

    [Fact]
    public void Missing_keys_are_those_that_were_not_acknowledged_and_what_failed_comes_again()
    {
        var acknowledged = new AcknowledgedKeys(200);
        foreach (int key in Enumerable.Range(0, 200).Where(key => key % 3 == 0)) acknowledged.Add(key);
        var missing = new MissingKeys(acknowledged);
        Assert.True(missing.TryNext(out int first));
        missing.Failed(first);
        var seen = new List<int>();
        while (missing.TryNext(out int key)) seen.Add(key);

        Assert.Equal(1, first);
        Assert.Equal(Enumerable.Range(0, 200).Where(key => key % 3 != 0), seen.Order());
        Assert.False(acknowledged.HasAll);
    }

    [Fact]
    public void A_value_is_the_keys_url_and_a_longer_one_repeats_it()
    {
        Assert.Equal("http://127.0.0.1:8000/key/b-42", Text(new KeySpace("127.0.0.1:8000", "b-", null), 42));
        Assert.Equal("http://h:1/key/9http://h:1/key/9htt", Text(new KeySpace("h:1", "", 35), 9));
        Assert.Equal("http", Text(new KeySpace("h:1", "", 4), 9));
        Assert.Equal("", Text(new KeySpace("h:1", "", 0), 9));
        for (int key = 1; key < 2_000_000_000 / 10; key *= 10)
        {
            var keys = new KeySpace("h:1", "", null);
            Assert.Equal(Text(keys, key).Length, keys.ValueLength(key));
            Assert.Equal(Text(keys, key - 1).Length, keys.ValueLength(key - 1));
        }
    }

    [Fact]
    public void A_value_in_any_pieces_is_whole_and_any_change_of_it_is_seen() =>
        Gen.Int[0, 20_000].Select(Gen.Int[0, 99_999], Gen.Int[1, 5_000], Gen.Int[0, 19_999]).Sample((length, key, piece, changed) =>
        {
            var keys = new KeySpace("127.0.0.1:8000", "", length);
            byte[] value = new byte[length];
            Assert.Equal(length, keys.WriteValue(value, key));
            var check = new ValueCheck(keys);
            Feed(ref check, key, value, piece);
            Assert.True(check.IsWhole);
            if (changed >= length) return;

            value[changed] ^= 1;
            Feed(ref check, key, value, piece);
            Assert.False(check.IsWhole);
            Assert.True(check.HasLength);
        });

    private static void Feed(ref ValueCheck check, int key, byte[] value, int piece)
    {
        check.Begin(key);
        for (int at = 0; at < value.Length; at += piece) check.Take(value.AsSpan(at, Math.Min(piece, value.Length - at)));
    }

    private static string Text(KeySpace keys, int key)
    {
        byte[] value = new byte[keys.MaxValueBytes];
        return Encoding.ASCII.GetString(value, 0, keys.WriteValue(value, key));
    }

    private static int[] Draw(IKeySource source, int count)
    {
        int[] seen = new int[count];
        for (int i = 0; i < Draws; i++)
        {
            Assert.True(source.TryNext(out int key));
            seen[key]++;
        }

        return seen;
    }
}
