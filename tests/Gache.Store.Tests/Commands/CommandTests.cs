using CsCheck;
using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

public sealed class CommandTests
{
    [Fact]
    public void A_command_is_read_as_it_was_written() =>
        Gen.Select(Gen.Int[0, 2], Gen.Byte.Array[1, StoreLimits.MaxKeyBytes], Gen.Byte.Array[0, 4096], Gen.ULong)
            .Sample((kind, key, value, time) =>
            {
                byte[] command = kind switch
                {
                    0 => Command.EncodeSet(key, value),
                    1 => Command.EncodePut(key, value),
                    _ => Command.EncodeDelete(key),
                };
                Command.StampTime(command, time);

                Assert.True(Command.TryParse(command, out CommandView view));
                Assert.Equal(kind switch { 0 => CommandKind.Set, 1 => CommandKind.Put, _ => CommandKind.Delete }, view.Kind);
                Assert.Equal(time, view.StoreTimeMilliseconds);
                Assert.True(view.Key.SequenceEqual(key));
                Assert.True(view.Value.SequenceEqual(kind == 2 ? [] : value));
            });

    [Fact]
    public void The_key_of_a_command_is_found_without_reading_the_rest()
    {
        Gen.Select(Gen.OneOf(Gen.Const(CommandKind.Set), Gen.Const(CommandKind.Put), Gen.Const(CommandKind.Delete)), Gen.Byte.Array[1, StoreLimits.MaxKeyBytes], Gen.Bool)
            .Sample((kind, key, isConditional) =>
            {
                byte[] command = isConditional
                    ? StoreDriver.Encode(kind, key, default, new WriteOptions { Condition = new Condition { MustNotExist = true } })
                    : StoreDriver.Encode(kind, key, default, null);
                Assert.True(Command.KeyOf(command).Span.SequenceEqual(key));
                for (int length = 0; length < Math.Min(command.Length, 32); length++) _ = Command.KeyOf(command.AsMemory(0, length)); // of anything, without a fault
            });
        Assert.True(Command.KeyOf(Command.EncodeTime(77)).IsEmpty);
        Assert.True(Command.KeyOf(default).IsEmpty);
    }

    [Fact]
    public void A_time_command_has_only_a_time()
    {
        Assert.True(Command.TryParse(Command.EncodeTime(77), out CommandView view));
        Assert.Equal(CommandKind.Time, view.Kind);
        Assert.Equal(77UL, view.StoreTimeMilliseconds);
    }

    [Fact]
    public void A_command_that_is_cut_off_is_not_one()
    {
        byte[] set = Command.EncodeSet("key"u8, []);
        for (int length = 0; length < set.Length; length++) Assert.False(Command.TryParse(set.AsSpan(0, length), out _));

        byte[] delete = [.. Command.EncodeDelete("key"u8), 0];
        Assert.False(Command.TryParse(delete, out _));
        byte[] time = [.. Command.EncodeTime(1), 0];
        Assert.False(Command.TryParse(time, out _));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(17, 1)]
    [InlineData(19, 2)]
    [InlineData(20, 2)]
    [InlineData(21, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 3)]
    [InlineData(4, 2)]
    public void A_kind_or_format_of_a_later_version_ends_the_process_rather_than_diverge(byte kind, byte format)
    {
        byte[] command = Command.EncodeSet("key"u8, "value"u8);
        command[0] = kind;
        command[1] = format;
        Assert.Throws<InvariantBrokenException>(() => Command.TryParse(command, out _));
    }

    [Fact]
    public void What_is_beyond_the_limits_is_not_encoded()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Command.EncodeSet([], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Command.EncodeDelete(new byte[StoreLimits.MaxKeyBytes + 1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Command.EncodePut("key"u8, new byte[StoreLimits.MaxValueBytes + 1]));
        Assert.True(Command.TryParse(Command.EncodePut(new byte[StoreLimits.MaxKeyBytes], new byte[StoreLimits.MaxValueBytes]), out _));
    }

    [Fact]
    public void A_command_with_options_is_read_as_it_was_written_and_cut_off_nowhere() =>
        Gen.Select(Gen.Byte.Array[1, 40], Gen.Byte.Array[0, 40], Conditions).Sample((key, value, condition) =>
        {
            byte[] command = StoreDriver.Encode(CommandKind.Put, key, value, new WriteOptions { Condition = condition });
            Command.StampTime(command, 5);
            Assert.True(Command.TryParse(command, out CommandView view));
            Assert.Equal(CommandKind.Put, view.Kind);
            Assert.Equal(5ul, view.StoreTimeMilliseconds);
            Assert.True(view.Key.SequenceEqual(key));
            Assert.True(view.Value.SequenceEqual(value));
            Assert.True(WriteOptionsView.TryParse(view.Options, out WriteOptionsView options));
            foreach (bool exists in (bool[])[false, true])
            {
                for (ulong revision = 0; revision < 6; revision++) Assert.Equal(condition.Holds(exists, revision), options.Condition.Holds(exists, revision));
            }

            int head = command.Length - value.Length;
            for (int length = 0; length < head; length++) Assert.False(Command.TryParse(command.AsSpan(0, length), out _));
        });

    [Fact]
    public void An_addition_says_in_its_options_what_to_add_and_nothing_else_does()
    {
        var terms = new CounterTerms(-3, -10, long.MaxValue);
        byte[] add = StoreDriver.Encode(CommandKind.Add, "key"u8, [], new WriteOptions { Counter = terms });
        Assert.True(Command.TryParse(add, out CommandView view));
        Assert.True(WriteOptionsView.TryParse(view.Options, out WriteOptionsView options));
        Assert.Equal(terms, options.Counter);
        Assert.True(Command.NeedsSpace(add));
        Assert.False(Command.TryParse([.. add, 0], out _));
        Assert.False(Command.TryParse(StoreDriver.Encode(CommandKind.Add, "key"u8, [], new WriteOptions()), out _));
        Assert.False(Command.TryParse(StoreDriver.Encode(CommandKind.Set, "key"u8, [], new WriteOptions { Counter = terms }), out _));
    }

    /// <summary>Conditions on few revisions, so that they often hold.</summary>
    internal static Gen<Condition> Conditions { get; } = Gen.Select(Gen.Bool, Gen.Bool, Revisions(), Revisions()).Select((must, mustNot, any, none) =>
        new Condition { MustExist = must, MustNotExist = mustNot, AnyOf = any, NoneOf = none });

    private static Gen<ReadOnlyMemory<ulong>?> Revisions() =>
        Gen.Select(Gen.Bool, Gen.ULong[0, 5].Array[0, 3]).Select((isThere, list) => isThere ? list : (ReadOnlyMemory<ulong>?)null);
}
